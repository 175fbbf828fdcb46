import type { Node, Tensor } from '@datafree/plugin';
import { int, intOf, string } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { tensorOf } from '../../tensor.ts';
import { normalizeAxis } from './axis.ts';
import { elementOffsets } from './indexing.ts';
import { allocateElements, elementsOf, tensorOfElements } from './strides.ts';

/**
 * Takes one element for each index, which replaces the position along `axis`; of the shape of `indices` (ONNX,
 * "GatherElements").
 */
export function gatherElements(b: GraphBuilder, x: Value, indices: Value, axis: number): Value {
  return b.op('GatherElements', [x, indices], { axis: int(axis) });
}

/** GatherElements. Derivative: the adjoint, added up where it was taken from. */
export const gatherElementsOperator: Operator = {
  type: 'GatherElements',
  infer: ({ inputs: [x, indices] }) => [{ dtype: x!.dtype, shape: indices!.shape }],
  gradient: ({ builder: b, node, inputs: [x, indices] }, [dy]) => {
    const zeros = b.constant(tensorOf(x!.dtype, x!.shape, []));
    const axis = int(axisOf(node, x!.shape.length));
    return [b.op('ScatterElements', [zeros, indices, dy], { axis, reduction: string('add') }), undefined];
  },
  evaluate: ({ node, inputs }) => {
    const [x, indices] = inputs as [Tensor, Tensor];
    const offsets = elementOffsets(x.dims, indices, axisOf(node, x.dims.length));
    const source = elementsOf(x);
    const elements = allocateElements(x.dtype, offsets.length);
    for (let i = 0; i < offsets.length; i++) elements[i] = source[offsets[i] as number] as number;
    return [tensorOfElements(x.dtype, indices.dims, elements)];
  },
};

function axisOf(node: Node, rank: number): number {
  return normalizeAxis(intOf(node, 'axis', 0), rank);
}
