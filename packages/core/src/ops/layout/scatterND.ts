import { DatafreeError, type Tensor } from '@datafree/plugin';
import { attributes, string } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { gatherND } from './gatherND.ts';
import { blockOffsets, int64Indices } from './indexing.ts';
import { dataIsKept, scatterReduction } from './scatterReduction.ts';

/**
 * `x` with the blocks that the index vectors (`indices` [… k]) point to replaced by (or, with `add`, increased by) the
 * updates, which are of the shape that {@link gatherND} gives (ONNX, "ScatterND").
 */
export function scatterND(
  b: GraphBuilder,
  x: Value,
  indices: Value,
  updates: Value,
  reduction?: 'add' | 'mul' | 'max' | 'min',
): Value {
  return b.op(
    'ScatterND',
    [x, int64Indices(b, indices), updates],
    attributes({ reduction: reduction && string(reduction) }),
  );
}

/**
 * ScatterND, with its `reduction`. Derivatives, for `none` (without repeated indices) and `add`: the adjoint, for
 * `none` with zeros where it was replaced; and the adjoint taken from where the updates went.
 */
export const scatterNDOperator: Operator = {
  type: 'ScatterND',
  infer: ({ inputs: [x, indices, updates] }) => {
    const expected = [...indices!.shape.slice(0, -1), ...x!.shape.slice(indices!.shape.at(-1))];
    if (String(updates!.shape) !== String(expected)) {
      throw new DatafreeError('shape-mismatch', `updates [${updates!.shape}] should be of shape [${expected}].`);
    }
    return [x!];
  },
  gradient: ({ builder: b, node, inputs, wanted }, [dy]) => {
    const [, indices, updates] = inputs as [Value, Value, Value];
    const zeros = () => b.constant(tensorOf(updates.dtype, updates.shape, []));
    const kept = dataIsKept(node);
    return [
      !wanted[0] || kept ? dy : scatterND(b, dy!, indices, zeros()),
      undefined,
      wanted[2] ? gatherND(b, dy!, indices) : undefined,
    ];
  },
  evaluate: ({ node, inputs }) => {
    const [x, indices, updates] = inputs as [Tensor, Tensor, Tensor];
    const join = scatterReduction(node);
    const result = Float64Array.from(numbersOf(x));
    const values = numbersOf(updates);
    const block = elementCount(x.dims.slice(indices.dims.at(-1)));
    blockOffsets(x.dims, indices).forEach((offset, i) => {
      for (let k = 0; k < block; k++) {
        const value = values[i * block + k] as number;
        result[offset + k] = join === undefined ? value : join(result[offset + k] as number, value);
      }
    });
    return [tensorOf(x.dtype, x.dims, result)];
  },
};
