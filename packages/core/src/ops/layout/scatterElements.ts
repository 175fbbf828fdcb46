import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { attributes, int, intOf, string } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { normalizeAxis } from './axis.ts';
import { gatherElements } from './gatherElements.ts';
import { elementOffsets } from './indexing.ts';
import { dataIsKept, scatterReduction } from './scatterReduction.ts';

/**
 * `x` with one element for each index replaced by (or, with `add`, increased by) the update of the same place; indices
 * and updates are of one shape (ONNX, "ScatterElements").
 */
export function scatterElements(
  b: GraphBuilder,
  x: Value,
  indices: Value,
  updates: Value,
  axis: number,
  reduction?: 'add' | 'mul' | 'max' | 'min',
): Value {
  return b.op(
    'ScatterElements',
    [x, indices, updates],
    attributes({ axis: int(axis), reduction: reduction && string(reduction) }),
  );
}

/**
 * ScatterElements, with its `reduction`. Derivatives, for `none` (without repeated indices) and `add`: the adjoint, for
 * `none` with zeros where it was replaced; and the adjoint taken from where the updates went.
 */
export const scatterElementsOperator: Operator = {
  type: 'ScatterElements',
  infer: ({ inputs: [x, indices, updates] }) => {
    if (String(indices!.shape) !== String(updates!.shape) || indices!.shape.length !== x!.shape.length) {
      throw new DatafreeError(
        'shape-mismatch',
        `indices [${indices!.shape}] and updates [${updates!.shape}] do not fit [${x!.shape}].`,
      );
    }
    return [x!];
  },
  gradient: ({ builder: b, node, inputs, wanted }, [dy]) => {
    const [x, indices, updates] = inputs as [Value, Value, Value];
    const axis = axisOf(node, x.shape.length);
    const zeros = () => b.constant(tensorOf(updates.dtype, updates.shape, []));
    const kept = dataIsKept(node);
    return [
      !wanted[0] || kept ? dy : scatterElements(b, dy!, indices, zeros(), axis),
      undefined,
      wanted[2] ? gatherElements(b, dy!, indices, axis) : undefined,
    ];
  },
  evaluate: ({ node, inputs }) => {
    const [x, indices, updates] = inputs as [Tensor, Tensor, Tensor];
    const join = scatterReduction(node);
    const result = Float64Array.from(numbersOf(x));
    const values = numbersOf(updates);
    elementOffsets(x.dims, indices, axisOf(node, x.dims.length)).forEach((offset, i) => {
      const value = values[i] as number;
      result[offset] = join === undefined ? value : join(result[offset] as number, value);
    });
    return [tensorOf(x.dtype, x.dims, result)];
  },
};

function axisOf(node: Node, rank: number): number {
  return normalizeAxis(intOf(node, 'axis', 0), rank);
}
