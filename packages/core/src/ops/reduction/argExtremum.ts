import type { Node, Tensor } from '@datafree/plugin';
import { attributes, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { normalizeAxis, withEntry } from '../layout/axis.ts';

/** Index of the largest element along an axis, the first at a tie; of type int64. */
export function argMax(b: GraphBuilder, x: Value, axis: number, keep = false): Value {
  return b.op('ArgMax', [x], attributes({ axis: int(axis), keepdims: int(keep ? 1 : 0) }));
}

function argExtremum(type: string, isBetter: (candidate: number, best: number) => boolean): Operator {
  return {
    type,
    infer: ({ node, inputs }) => [{ dtype: 'int64', shape: remaining(node, inputs[0]!.shape) }],
    evaluate: ({ node, inputs }) => [find(node, inputs[0]!, isBetter)],
  };
}

/** ArgMax, with its `select_last_index`. */
export const argMaxOperator = argExtremum('ArgMax', (candidate, best) => candidate > best);
/** ArgMin, with its `select_last_index`. */
export const argMinOperator = argExtremum('ArgMin', (candidate, best) => candidate < best);

function axisOf(node: Node, rank: number): number {
  return normalizeAxis(intOf(node, 'axis', 0), rank);
}

function remaining(node: Node, shape: readonly number[]): number[] {
  const axis = axisOf(node, shape.length);
  return intOf(node, 'keepdims', 1) === 1 ? withEntry(shape, axis, 1) : shape.filter((_, k) => k !== axis);
}

function find(node: Node, x: Tensor, isBetter: (candidate: number, best: number) => boolean): Tensor {
  const axis = axisOf(node, x.dims.length);
  const size = x.dims[axis]!;
  const inner = elementCount(x.dims.slice(axis + 1));
  const last = intOf(node, 'select_last_index', 0) === 1;
  const data = numbersOf(x);
  const shape = remaining(node, x.dims);
  const indices = Float64Array.from({ length: elementCount(shape) }, (_, line) => {
    const start = Math.floor(line / inner) * size * inner + (line % inner);
    let best = 0;
    for (let i = 1; i < size; i++) {
      const candidate = data[start + i * inner] as number;
      const found = data[start + best * inner] as number;
      if (isBetter(candidate, found) || (last && candidate === found)) best = i;
    }
    return best;
  });
  return tensorOf('int64', shape, indices);
}
