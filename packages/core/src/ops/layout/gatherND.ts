import { DatafreeError, type Tensor } from '@datafree/plugin';
import { intOf, string } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount, tensorOf } from '../../tensor.ts';
import { blockOffsets, int64Indices } from './indexing.ts';
import { allocateElements, elementsOf, tensorOfElements } from './strides.ts';

/**
 * Takes the blocks of `x` that the index vectors (`indices` [… k]) point to: [… blocks of the axes after the first k]
 * (ONNX, "GatherND").
 */
export function gatherND(b: GraphBuilder, x: Value, indices: Value): Value {
  return b.op('GatherND', [x, int64Indices(b, indices)]);
}

/** GatherND, with its `batch_dims`. Derivative, without `batch_dims`: the adjoint, added up where it was taken from. */
export const gatherNDOperator: Operator = {
  type: 'GatherND',
  infer: ({ node, inputs: [x, indices] }) => {
    const shape = gatheredShape(x!.shape, indices!.shape, intOf(node, 'batch_dims', 0));
    return [{ dtype: x!.dtype, shape }];
  },
  gradient: ({ builder: b, node, inputs }, [dy]) => {
    const [x, indices] = inputs as [Value, Value];
    if (intOf(node, 'batch_dims', 0) !== 0) {
      throw new DatafreeError('operator-no-gradient', 'with batch_dims it has no derivative.', {
        hint: 'Export the network with GatherElements, or with indices that count the batch themselves.',
      });
    }
    const zeros = b.constant(tensorOf(x.dtype, x.shape, []));
    return [b.op('ScatterND', [zeros, indices, dy], { reduction: string('add') }), undefined];
  },
  evaluate: ({ node, inputs }) => {
    const [x, indices] = inputs as [Tensor, Tensor];
    const batch = intOf(node, 'batch_dims', 0);
    const shape = gatheredShape(x.dims, indices.dims, batch);
    const block = elementCount(x.dims.slice(batch + (indices.dims.at(-1) ?? 0)));
    const source = elementsOf(x);
    const elements = allocateElements(x.dtype, elementCount(shape));
    blockOffsets(x.dims, indices, batch).forEach((offset, i) => {
      for (let k = 0; k < block; k++) elements[i * block + k] = source[offset + k] as number;
    });
    return [tensorOfElements(x.dtype, shape, elements)];
  },
};

function gatheredShape(shape: readonly number[], indices: readonly number[], batch: number): number[] {
  const depth = indices.at(-1) ?? 0;
  if (batch + depth > shape.length) {
    throw new DatafreeError('shape-mismatch', `index vectors of length ${depth} do not fit [${shape}].`);
  }
  return [...indices.slice(0, -1), ...shape.slice(batch + depth)];
}
