import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../../gradient/differentiate.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { interpret } from '../../graph/interpret.ts';
import type { Value } from '../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { broadcastShapes, seeds } from '../../testing/shapes.ts';
import { distinctTensor, uniformTensor } from '../../testing/values.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { add } from './add.ts';
import { max } from './max.ts';
import { min } from './min.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { sum } from './sum.ts';

const mean = (b: GraphBuilder, ...values: readonly Value[]) => b.op('Mean', values);

/** Tensors whose elements all differ by at least 0.02, so that no perturbation makes a tie. */
function apart(shapesOfAll: readonly number[][], seed: number) {
  return shapesOfAll.map((shape, k) => {
    const tensor = distinctTensor(shape, seed + k, 0.1);
    return tensorOf(
      'float32',
      shape,
      tensor.data.map((value) => value + 0.02 * k),
    );
  });
}

describe.each([
  { name: 'Max', build: max },
  { name: 'Min', build: min },
  { name: 'Sum', build: sum },
  { name: 'Mean', build: mean },
])('$name', ({ build }) => {
  it('has the derivative of central differences, for one to four arguments', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }).chain(broadcastShapes), seeds, (all, seed) => {
        checkGradient({ inputs: apart(all, seed), build: (b, values) => build(b, ...values), seed, step: 1e-3 });
      }),
      { numRuns: 30 },
    );
  });
});

describe('Max and Min', () => {
  it('are one of the arguments, and bound all of them', () => {
    fc.assert(
      fc.property(broadcastShapes(3), seeds, (all, seed) => {
        const inputs = all.map((shape, k) => uniformTensor(shape, seed + k));
        const [largest, smallest, ...fromLargest] = run(inputs, (b, values) => {
          const top = max(b, ...values);
          return [top, min(b, ...values), ...values.map((value) => add(b, top, neg(b, value)))];
        });
        const gaps = fromLargest.map(numbersOf);
        Array.from(numbersOf(largest!)).forEach((value, i) => {
          expect(Math.min(...gaps.map((gap) => gap[i] ?? 0))).toBeGreaterThanOrEqual(0);
          expect(numbersOf(smallest!)[i]).toBeLessThanOrEqual(value);
        });
      }),
      { numRuns: 30 },
    );
    const [largest, smallest] = run(
      [tensorOf('float32', [3], [1, 5, -2]), tensorOf('float32', [3], [2, 4, -2])],
      (b, values) => [max(b, ...values), min(b, ...values)],
    );
    expect(Array.from(numbersOf(largest!))).toEqual([2, 5, -2]);
    expect(Array.from(numbersOf(smallest!))).toEqual([1, 4, -2]);
  });

  it.each([{ build: max }, { build: min }])('hand the adjoint of a tie to the first', ({ build }) => {
    const b = new GraphBuilder();
    const inputs = [0, 1, 2].map((k) => b.input(`x${k}`, 'float32', [2]));
    const loss = reduceSum(b, mul(b, build(b, ...inputs), 3));
    for (const [k, gradient] of differentiate(b, loss, inputs).entries()) b.output(gradient, `gradient${k}`);
    const same = tensorOf('float32', [2], [1, 1]);
    const results = interpret(b.build(), { x0: same, x1: same, x2: same });
    expect([0, 1, 2].map((k) => Array.from(numbersOf(results[`gradient${k}`]!)))).toEqual([
      [3, 3],
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('Sum and Mean', () => {
  it('add up', () => {
    const inputs = [
      tensorOf('float32', [2], [1, 2]),
      tensorOf('float32', [], [3]),
      tensorOf('float32', [2, 1], [10, 20]),
    ];
    const [total, average] = run(inputs, (b, values) => [sum(b, ...values), mean(b, ...values)]);
    expect(total!.dims).toEqual([2, 2]);
    expect(Array.from(numbersOf(total!))).toEqual([14, 15, 24, 25]);
    expect(Array.from(numbersOf(average!), (value) => Math.round(value * 3))).toEqual([14, 15, 24, 25]);
  });
});
