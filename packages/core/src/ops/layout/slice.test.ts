import type { Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../index.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapes } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { scatterRuns } from './indexRuns.ts';
import { type PadMode, pad } from './pad.ts';
import { reverse, slice } from './slice.ts';

const data = (tensor: Tensor) => Array.from(numbersOf(tensor));
const counted = (count: number) =>
  tensorOf(
    'int32',
    [count],
    Array.from({ length: count }, (_, i) => i),
  );

/** The positions that Python's `start:end:step` takes of a sequence. */
function range(start: number, end: number, step: number, size: number): number[] {
  const fromFront = (position: number) => (position < 0 ? position + size : position);
  const positions: number[] = [];
  if (step > 0)
    for (let i = Math.max(0, fromFront(start)); i < Math.min(size, fromFront(end)); i += step) positions.push(i);
  else
    for (let i = Math.min(size - 1, fromFront(start)); i > Math.max(-1, fromFront(end)); i += step) positions.push(i);
  return positions.filter((i) => i >= 0);
}

const position = fc.integer({ min: -8, max: 8 });
const step = fc.integer({ min: -3, max: 3 }).filter((value) => value !== 0);

describe('Slice', () => {
  it('takes what Python takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), position, position, step, (size, start, end, by) => {
        const [y] = run([counted(size)], (b, [x]) => slice(b, x!, { starts: [start], ends: [end], steps: [by] }));
        expect(data(y!)).toEqual(range(start, end, by, size));
      }),
      { numRuns: 300 },
    );
  });

  it('takes the largest 64-bit integer for "to the end"', () => {
    const [y] = run([counted(5)], (b, [x]) =>
      b.op('Slice', [
        x,
        b.int64([2]),
        b.constant({ dtype: 'int64', dims: [1], data: BigInt64Array.of(2n ** 63n - 1n) }),
      ]),
    );
    expect(data(y!)).toEqual([2, 3, 4]);
    expect(data(run([counted(3)], (b, [x]) => reverse(b, x!, 0))[0]!)).toEqual([2, 1, 0]);
  });

  it('has the derivative of central differences, on several axes', () => {
    const cases = shapes(1, 3, 5).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        axes: fc.subarray(
          shape.map((_, axis) => axis),
          { minLength: 1 },
        ),
        ranges: fc.array(fc.tuple(position, position, step), { minLength: 3, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(cases, seeds, ({ shape, axes, ranges }, seed) => {
        const used = axes.map((_, k) => ranges[k]!);
        checkGradient({
          inputs: [uniformTensor(shape, seed)],
          build: (b, [x]) =>
            slice(b, x!, {
              starts: used.map(([start]) => start),
              ends: used.map(([, end]) => end),
              steps: used.map(([, , by]) => by),
              axes,
            }),
          seed,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a step of 0 and lists of different length', () => {
    const invalid = expect.objectContaining({ code: 'attribute-invalid' });
    expect(() => run([counted(3)], (b, [x]) => slice(b, x!, { starts: [0], ends: [2], steps: [0] }))).toThrow(invalid);
    expect(() => run([counted(3)], (b, [x]) => slice(b, x!, { starts: [0], ends: [2, 3] }))).toThrow(invalid);
    expect(() => run([counted(3)], (b, [x]) => slice(b, x!, { starts: [0], ends: [2], axes: [1] }))).toThrow(invalid);
  });
});

const modes: readonly PadMode[] = ['constant', 'reflect', 'edge', 'wrap'];

describe('Pad', () => {
  it.each([
    { mode: 'constant', pads: [2, 1], padded: [9, 9, 0, 1, 2, 9] },
    { mode: 'constant', pads: [-1, 2], padded: [1, 2, 9, 9] },
    { mode: 'constant', pads: [1, -2], padded: [9, 0] },
    { mode: 'edge', pads: [2, 1], padded: [0, 0, 0, 1, 2, 2] },
    { mode: 'reflect', pads: [2, 1], padded: [2, 1, 0, 1, 2, 1] },
    { mode: 'reflect', pads: [-1, 2], padded: [1, 2, 1, 0] },
    { mode: 'wrap', pads: [2, 1], padded: [1, 2, 0, 1, 2, 0] },
    { mode: 'wrap', pads: [4, 4], padded: [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0] },
  ] as const)('$mode by $pads', ({ mode, pads, padded }) => {
    expect(data(run([counted(3)], (b, [x]) => pad(b, x!, pads, { mode, value: 9 }))[0]!)).toEqual(padded);
  });

  it('pads the axes it is told', () => {
    const x = uniformTensor([2, 3]);
    const [listed, all] = run([x], (b, [value]) => [
      b.op('Pad', [value, b.int64([1, 2]), undefined, b.int64([-1])], { mode: attribute.string('edge') }),
      pad(b, value!, [0, 1, 0, 2], { mode: 'edge' }),
    ]);
    expect(listed).toEqual(all);
  });

  it('joins axes whose pads do not touch each other: corners come out the same in any order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...modes),
        fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
        seeds,
        (mode, pads, seed) => {
          const [t, l, d, r] = pads as [number, number, number, number];
          const [both, apart] = run([uniformTensor([3, 4], seed)], (b, [x]) => [
            pad(b, x!, [t, l, d, r], { mode }),
            pad(b, pad(b, x!, [0, l, 0, r], { mode }), [t, 0, d, 0], { mode }),
          ]);
          expect(both).toEqual(apart);
        },
      ),
    );
  });

  const cases = shapes(1, 3).chain((shape) =>
    fc
      .array(fc.integer({ min: -1, max: 3 }), { minLength: 2 * shape.length, maxLength: 2 * shape.length })
      .map((wild) => {
        // What is cropped at both ends together must leave something.
        const pads = wild.map((count, k) => (shape[k % shape.length]! > 2 ? count : Math.abs(count)));
        return { shape, pads };
      }),
  );

  it.each(modes)('%s has the derivative of central differences', (mode) => {
    fc.assert(
      fc.property(cases, seeds, ({ shape, pads }, seed) => {
        checkGradient({ inputs: [uniformTensor(shape, seed)], build: (b, [x]) => pad(b, x!, pads, { mode }), seed });
      }),
      { numRuns: 25 },
    );
  });

  it('has a derivative by the value it pads with', () => {
    const constants = fc.constantFrom([], [0], [1]);
    fc.assert(
      fc.property(cases, constants, fc.boolean(), seeds, ({ shape, pads }, constant, listed, seed) => {
        // The axes in reverse, their pads with them.
        const axes = [...shape.keys()].reverse();
        const turned = [...axes.map((axis) => pads[axis]!), ...axes.map((axis) => pads[axis + shape.length]!)];
        checkGradient({
          inputs: [uniformTensor(shape, seed), uniformTensor([], seed + 1)],
          constant,
          build: (b, [x, value]) =>
            listed ? b.op('Pad', [x, b.int64(turned), value, b.int64(axes)]) : b.op('Pad', [x, b.int64(pads), value]),
          seed,
        });
      }),
      { numRuns: 40 },
    );
  });

  it('refuses an unknown mode, and to crop more than there is', () => {
    expect(() => run([counted(3)], (b, [x]) => pad(b, x!, [1, 1], { mode: 'mirror' as PadMode }))).toThrow(
      expect.objectContaining({ code: 'attribute-invalid' }),
    );
    expect(() => run([counted(3)], (b, [x]) => pad(b, x!, [-2, -2]))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  });
});

describe('scatterRuns', () => {
  it('is the transpose of taking by index', () => {
    const cases = fc
      .integer({ min: 1, max: 6 })
      .chain((size) =>
        fc.record({ size: fc.constant(size), indices: fc.array(fc.nat(size - 1), { minLength: 1, maxLength: 9 }) }),
      );
    fc.assert(
      fc.property(cases, seeds, ({ size, indices }, seed) => {
        const x = uniformTensor([2, indices.length], seed);
        const [y] = run([x], (b, [value]) => scatterRuns(b, value!, 1, indices, size));
        const expected = new Float64Array(2 * size);
        for (const row of [0, 1]) {
          for (const [k, index] of indices.entries())
            expected[row * size + index]! += x.data[row * indices.length + k]!;
        }
        data(y!).forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 5);
        });
      }),
      { numRuns: 60 },
    );
  });
});
