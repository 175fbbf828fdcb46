import { DatafreeError, type Node } from '@datafree/plugin';
import { ints, intsOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { gatherView, rowMajorStrides } from './strides.ts';

/** Axes in another order: axis `i` of the result is axis `perm[i]` of `x`. */
export function transpose(b: GraphBuilder, x: Value, perm: readonly number[]): Value {
  return perm.every((axis, i) => axis === i) ? x : b.op('Transpose', [x], { perm: ints(perm) });
}

/** Transpose. Derivative: the adjoint, its axes in their old order. */
export const transposeOperator: Operator = {
  type: 'Transpose',
  infer: ({ node, inputs }) => {
    const { dtype, shape } = inputs[0]!;
    return [{ dtype, shape: permutation(node, shape.length).map((axis) => shape[axis] as number) }];
  },
  gradient: ({ builder, node, inputs }, [dy]) => {
    const perm = permutation(node, inputs[0]!.shape.length);
    return [
      transpose(
        builder,
        dy!,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  evaluate: ({ node, inputs }) => {
    const x = inputs[0]!;
    const perm = permutation(node, x.dims.length);
    const strides = rowMajorStrides(x.dims);
    const shape = perm.map((axis) => x.dims[axis] as number);
    return [
      gatherView(
        x,
        shape,
        perm.map((axis) => strides[axis] as number),
      ),
    ];
  },
};

function permutation(node: Node, rank: number): readonly number[] {
  const reversed = Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const perm = intsOf(node, 'perm', reversed);
  if (perm.length !== rank || !reversed.every((axis) => perm.includes(axis))) {
    throw new DatafreeError('attribute-invalid', `perm [${perm}] is not an order of ${rank} axes.`);
  }
  return perm;
}
