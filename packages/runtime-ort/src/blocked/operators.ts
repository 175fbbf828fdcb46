import { attribute, type Operator } from '@datafree/core';

/** The domain of onnxruntime's kernels for the blocked layout. */
export const blockedDomain = 'com.microsoft.nchwc';

const { intOf, intsOf } = attribute;

/** ReorderInput: `[N, C, H, W]` to blocks of `block` channels, the last one filled up with zeros. */
export function reorderInput(block: number): Operator {
  return {
    type: 'ReorderInput',
    domain: blockedDomain,
    infer: ({ inputs: [x] }) => {
      const [samples, channels, ...spatial] = x!.shape as [number, number, ...number[]];
      return [{ dtype: x!.dtype, shape: [samples, roundUp(channels, block), ...spatial] }];
    },
  };
}

/** ReorderOutput: back to `[N, C, H, W]`. Attribute `channels`: C. */
export const reorderOutput: Operator = {
  type: 'ReorderOutput',
  domain: blockedDomain,
  infer: ({ node, inputs: [x] }) => {
    const [samples, , ...spatial] = x!.shape as [number, number, ...number[]];
    return [{ dtype: x!.dtype, shape: [samples, intOf(node, 'channels'), ...spatial] }];
  },
};

/** Conv on blocks: input, filter in blocked order, bias, and a tensor that is added to the result. */
export const blockedConv: Operator = {
  type: 'Conv',
  domain: blockedDomain,
  infer: ({ node, inputs: [x, w] }) => {
    const [samples, , ...spatial] = x!.shape as [number, number, ...number[]];
    const [filters, , ...kernel] = w!.shape as [number, number, ...number[]];
    return [{ dtype: x!.dtype, shape: [samples, filters, ...places(node, spatial, kernel)] }];
  },
};

function places(
  node: Parameters<typeof intsOf>[0],
  spatial: readonly number[],
  kernel: readonly number[],
): readonly number[] {
  const rank = spatial.length;
  const ones = new Array<number>(rank).fill(1);
  const strides = intsOf(node, 'strides', ones);
  const dilations = intsOf(node, 'dilations', ones);
  const pads = intsOf(node, 'pads', new Array<number>(2 * rank).fill(0));
  return spatial.map((size, axis) => {
    const extent = (kernel[axis]! - 1) * dilations[axis]! + 1;
    return Math.floor((size + pads[axis]! + pads[axis + rank]! - extent) / strides[axis]!) + 1;
  });
}

/** The smallest multiple of `block` that is not below `channels`. */
export function roundUp(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}
