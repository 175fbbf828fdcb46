import type { Node } from '@datafree/plugin';
import { intOf } from '../../../graph/attributes.ts';
import type { Operator } from '../../../graph/operator.ts';
import { elementCount, tensorOf } from '../../../tensor.ts';
import { div } from '../../elementwise/div.ts';
import { type SlidingWindow, windowTaps } from '../window.ts';
import { poolingOf, reduceWindows } from './pooling.ts';
import { spread } from './spread.ts';

/**
 * AveragePool. Derivative: each adjoint, divided by the number of cells that were averaged, is added to every cell of
 * its window.
 */
export const averagePoolOperator: Operator = {
  type: 'AveragePool',
  infer: ({ node, inputs: [x] }) => [
    { dtype: x!.dtype, shape: [...x!.shape.slice(0, 2), ...poolingOf(node, x!.shape).output] },
  ],
  gradient: ({ builder: b, node, inputs: [x] }, [dy]) => {
    const pooling = poolingOf(node, x!.shape);
    const counts = cellCounts(node, pooling);
    const count = counts[0]!;
    if (counts.every((other) => other === count)) return [spread(b, dy!, pooling, 1 / count)];
    const divisor = b.constant(tensorOf(dy!.dtype, [1, 1, ...pooling.output], counts));
    return [spread(b, div(b, dy!, divisor), pooling, 1)];
  },
  evaluate: ({ node, inputs: [x] }) => {
    const pooling = poolingOf(node, x!.dims);
    const counts = cellCounts(node, pooling);
    const sums = reduceWindows(x!, pooling, (data, cells, offset) =>
      cells.reduce((sum, cell) => sum + data[offset + cell]!, 0),
    );
    const means = sums.map((sum, i) => sum / counts[i % counts.length]!);
    return [tensorOf(x!.dtype, [...x!.dims.slice(0, 2), ...pooling.output], means)];
  },
};

/**
 * The divisor at each place. With `count_include_pad` it is the number of cells inside the padded input: what the last
 * window of ceil mode covers beyond the padding does not count.
 */
function cellCounts(node: Node, pooling: SlidingWindow): number[] {
  const padded: SlidingWindow = {
    ...pooling,
    input: pooling.input.map((size, axis) => size + pooling.begins[axis]! + pooling.ends[axis]!),
    begins: pooling.begins.map(() => 0),
  };
  const taps = windowTaps(intOf(node, 'count_include_pad', 0) === 1 ? padded : pooling);
  const counts = new Array<number>(elementCount(pooling.output)).fill(0);
  taps.forEach((tap, i) => {
    if (tap >= 0) counts[i % counts.length]! += 1;
  });
  return counts;
}
