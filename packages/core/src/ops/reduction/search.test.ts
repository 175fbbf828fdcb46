import type { Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../index.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapesWithAxis } from '../../testing/shapes.ts';
import { distinctTensor, uniformTensor } from '../../testing/values.ts';
import { argMax } from './argExtremum.ts';
import { topK } from './topK.ts';

const { int } = attribute;

/** The elements along an axis, one list for each place on the other axes. */
function lines(x: Tensor, axis: number): number[][] {
  const along = axis < 0 ? axis + x.dims.length : axis;
  const size = x.dims[along]!;
  const inner = elementCount(x.dims.slice(along + 1));
  const data = numbersOf(x);
  return Array.from({ length: data.length / size }, (_, line) =>
    Array.from({ length: size }, (_, i) => data[(Math.floor(line / inner) * size + i) * inner + (line % inner)]!),
  );
}

/** Whole numbers from 0 to 2: full of ties. */
const ties = (shape: readonly number[], seed: number) =>
  tensorOf('float32', shape, uniformTensor(shape, seed, 0, 2.99).data.map(Math.floor));

describe('ArgMax and ArgMin', () => {
  it('find the first or the last of the extreme elements', () => {
    fc.assert(
      fc.property(shapesWithAxis(), seeds, fc.boolean(), ({ shape, axis }, seed, keep) => {
        const x = ties(shape, seed);
        const [top, lastTop, bottom, lastBottom] = run([x], (b, [value]) =>
          ['ArgMax', 'ArgMin'].flatMap((op) =>
            [0, 1].map((last) =>
              b.op(op, [value], { axis: int(axis), keepdims: int(Number(keep)), select_last_index: int(last) }),
            ),
          ),
        );
        expect(top!.dims.length).toBe(keep ? shape.length : shape.length - 1);
        lines(x, axis).forEach((line, i) => {
          const found = [top, lastTop, bottom, lastBottom].map((indices) => numbersOf(indices!)[i]);
          const largest = Math.max(...line);
          const smallest = Math.min(...line);
          expect(found).toEqual([
            line.indexOf(largest),
            line.lastIndexOf(largest),
            line.indexOf(smallest),
            line.lastIndexOf(smallest),
          ]);
        });
      }),
      { numRuns: 40 },
    );
    expect(run([tensorOf('float32', [2, 2], [1, 2, 4, 3])], (b, [x]) => argMax(b, x!, 1))[0]!.data).toEqual(
      BigInt64Array.of(1n, 0n),
    );
  });
});

describe('TopK', () => {
  const cases = shapesWithAxis().chain(({ shape, axis }) =>
    fc.record({
      shape: fc.constant(shape),
      axis: fc.constant(axis),
      count: fc.nat(shape.at(axis)!),
      largest: fc.nat(1),
    }),
  );

  it('finds the extreme elements in order, and where they are', () => {
    fc.assert(
      fc.property(cases, seeds, ({ shape, axis, count, largest }, seed) => {
        const x = ties(shape, seed);
        const [values, indices] = run([x], (b, [value]) =>
          b.apply('TopK', [value, b.int64([count])], {
            attributes: { axis: int(axis), largest: int(largest) },
            outputs: 2,
          }),
        );
        if (count === 0) return;
        const found = lines(values!, axis);
        const where = lines(indices!, axis);
        lines(x, axis).forEach((line, i) => {
          const sorted = [...line].sort((p, q) => (largest ? q - p : p - q));
          expect(found[i]).toEqual(sorted.slice(0, count));
          expect(new Set(where[i]).size).toBe(count);
          expect(where[i]!.map((index) => line[index])).toEqual(found[i]);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(cases, seeds, ({ shape, axis, count }, seed) => {
        checkGradient({
          inputs: [distinctTensor(shape, seed)],
          build: (b, [x]) => topK(b, x!, Math.max(1, count), axis)[0],
          seed,
        });
      }),
      { numRuns: 20 },
    );
  });

  it('refuses to take more than there is', () => {
    expect(() => run([uniformTensor([2])], (b, [x]) => topK(b, x!, 3))).toThrow(/3 elements cannot be taken from 2/);
  });
});

describe('CumSum', () => {
  const flags = fc.record({ exclusive: fc.nat(1), reverse: fc.nat(1) });

  it('adds up along its axis', () => {
    fc.assert(
      fc.property(shapesWithAxis(), seeds, flags, ({ shape, axis }, seed, { exclusive, reverse }) => {
        const x = uniformTensor(shape, seed);
        const [y] = run([x], (b, [value]) =>
          b.op('CumSum', [value, b.scalar(axis, 'int64')], { exclusive: int(exclusive), reverse: int(reverse) }),
        );
        const sums = lines(y!, axis);
        lines(x, axis).forEach((line, k) => {
          line.forEach((_, i) => {
            const part = reverse ? line.slice(i + exclusive) : line.slice(0, i + 1 - exclusive);
            expect(sums[k]![i]).toBeCloseTo(
              part.reduce((total, value) => total + value, 0),
              5,
            );
          });
        });
      }),
      { numRuns: 30 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(shapesWithAxis(), seeds, flags, ({ shape, axis }, seed, { exclusive, reverse }) => {
        checkGradient({
          inputs: [uniformTensor(shape, seed)],
          build: (b, [x]) =>
            b.op('CumSum', [x, b.scalar(axis, 'int64')], { exclusive: int(exclusive), reverse: int(reverse) }),
          seed,
        });
      }),
      { numRuns: 20 },
    );
  });
});
