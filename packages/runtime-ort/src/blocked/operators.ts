import {
  attribute,
  convOperator,
  type Operator,
  type OperatorSet,
  standardOperators,
  withOperators,
} from '@datafree/core';

/** The domain of onnxruntime's kernels for the blocked layout. */
export const blockedDomain = 'com.microsoft.nchwc';

/** The operators of a graph on blocks of `block` channels. */
export function blockedOperators(block: number): OperatorSet {
  return withOperators(standardOperators, [reorderInput(block), reorderOutput, blockedConv]);
}

/** ReorderInput: `[N, C, H, W]` to blocks of `block` channels, the last one filled up with zeros. */
function reorderInput(block: number): Operator {
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
const reorderOutput: Operator = {
  type: 'ReorderOutput',
  domain: blockedDomain,
  infer: ({ node, inputs: [x] }) => {
    const [samples, , ...spatial] = x!.shape as [number, number, ...number[]];
    return [{ dtype: x!.dtype, shape: [samples, attribute.intOf(node, 'channels'), ...spatial] }];
  },
};

/**
 * Conv on blocks: input, filter in blocked order, bias, and a tensor that is added to the result. Under the shapes that
 * blocks stand under it is an ordinary Conv.
 */
const blockedConv: Operator = {
  type: 'Conv',
  domain: blockedDomain,
  infer: (context) => convOperator.infer({ ...context, inputs: context.inputs.slice(0, 3) }),
};

/** The smallest multiple of `block` that is not below `channels`. */
export function roundUp(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}
