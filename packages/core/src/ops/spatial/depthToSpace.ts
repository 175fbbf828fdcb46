import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { attributes, int, intOf, string, stringOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { reshape } from '../layout/reshape.ts';
import { gatherView, rowMajorStrides } from '../layout/strides.ts';
import { transpose } from '../layout/transpose.ts';

/**
 * Moves channels into space (ONNX, "DepthToSpace"): [N, C · s², H, W] becomes [N, C, H · s, W · s]. A channel is
 * numbered by cell, then channel (`DCR`, the default), or by channel, then cell (`CRD`).
 */
export function depthToSpace(b: GraphBuilder, x: Value, block: number, mode: 'DCR' | 'CRD' = 'DCR'): Value {
  return b.op(
    'DepthToSpace',
    [x],
    attributes({ blocksize: int(block), mode: mode === 'DCR' ? undefined : string(mode) }),
  );
}

/**
 * Moves space into channels (ONNX, "SpaceToDepth"): [N, C, H · s, W · s] becomes [N, s² · C, H, W], numbered by cell,
 * then channel.
 */
export function spaceToDepth(b: GraphBuilder, x: Value, block: number): Value {
  return b.op('SpaceToDepth', [x], { blocksize: int(block) });
}

/** DepthToSpace. Derivative: the adjoint, moved back. */
export const depthToSpaceOperator: Operator = rearrangement('DepthToSpace', (node, [n, depth, h, w]) => {
  const s = intOf(node, 'blocksize');
  const c = depth / (s * s);
  return stringOf(node, 'mode', 'DCR') === 'CRD'
    ? { apart: [n, c, s, s, h, w], perm: [0, 1, 4, 2, 5, 3], shape: [n, c, h * s, w * s] }
    : { apart: [n, s, s, c, h, w], perm: [0, 3, 4, 1, 5, 2], shape: [n, c, h * s, w * s] };
});

/** SpaceToDepth. Derivative: the adjoint, moved back. */
export const spaceToDepthOperator: Operator = rearrangement('SpaceToDepth', (node, [n, c, height, width]) => {
  const s = intOf(node, 'blocksize');
  const [h, w] = [height / s, width / s];
  return { apart: [n, c, h, s, w, s], perm: [0, 3, 5, 1, 2, 4], shape: [n, s * s * c, h, w] };
});

/** A reshape to `apart`, a transpose, and a reshape to `shape`. */
interface Rearrangement {
  readonly apart: readonly number[];
  readonly perm: readonly number[];
  readonly shape: readonly number[];
}

function rearrangement(
  type: string,
  of: (node: Node, shape: readonly [number, number, number, number]) => Rearrangement,
): Operator {
  const checked = (node: Node, shape: readonly number[]): Rearrangement => {
    const result = shape.length === 4 ? of(node, shape as [number, number, number, number]) : undefined;
    if (result?.apart.every(Number.isInteger)) return result;
    throw new DatafreeError('shape-mismatch', `[${shape}] does not divide into blocks of ${intOf(node, 'blocksize')}.`);
  };
  return {
    type,
    infer: ({ node, inputs: [x] }) => [{ dtype: x!.dtype, shape: checked(node, x!.shape).shape }],
    gradient: ({ builder: b, node, inputs: [x] }, [dy]) => {
      const { apart, perm } = checked(node, x!.shape);
      const moved = reshape(
        b,
        dy!,
        perm.map((axis) => apart[axis]!),
      );
      const back = transpose(
        b,
        moved,
        perm.map((_, axis) => perm.indexOf(axis)),
      );
      return [reshape(b, back, x!.shape)];
    },
    evaluate: ({ node, inputs: [x] }) => [evaluate(x!, checked(node, x!.dims))],
  };
}

function evaluate(x: Tensor, { apart, perm, shape }: Rearrangement): Tensor {
  const strides = rowMajorStrides(apart);
  const moved = gatherView(
    x,
    perm.map((axis) => apart[axis]!),
    perm.map((axis) => strides[axis]!),
  );
  return { ...moved, dims: shape };
}
