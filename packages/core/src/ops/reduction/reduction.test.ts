import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapes } from '../../testing/shapes.ts';
import { distinctTensor, uniformTensor } from '../../testing/values.ts';
import { reduce } from './reduce.ts';
import { reduceL2 } from './reduceL2.ts';
import { reduceMax } from './reduceMax.ts';
import { reduceSum } from './reduceSum.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const rows: readonly { name: string; formula: (values: readonly number[]) => number; low: number }[] = [
  { name: 'ReduceSum', formula: sum, low: -1 },
  { name: 'ReduceMean', formula: (values) => sum(values) / values.length, low: -1 },
  { name: 'ReduceMax', formula: (values) => [...values].sort((x, y) => y - x)[0]!, low: -1 },
  { name: 'ReduceMin', formula: (values) => [...values].sort((x, y) => x - y)[0]!, low: -1 },
  { name: 'ReduceProd', formula: (values) => values.reduce((product, value) => product * value, 1), low: 0.3 },
  { name: 'ReduceL1', formula: (values) => sum(values.map(Math.abs)), low: -1 },
  { name: 'ReduceL2', formula: (values) => Math.hypot(...values), low: -1 },
  { name: 'ReduceSumSquare', formula: (values) => sum(values.map((value) => value * value)), low: -1 },
  { name: 'ReduceLogSum', formula: (values) => Math.log(sum(values)), low: 0.2 },
  { name: 'ReduceLogSumExp', formula: (values) => Math.log(sum(values.map(Math.exp))), low: -1 },
];

/** A shape and some of its axes, counted from the front or the back. */
const reductions = shapes(0, 4, 3).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axes: fc.subarray(shape.map((_, axis) => axis)).chain((axes) =>
      fc.constantFrom(
        axes,
        axes.map((axis) => axis - shape.length),
      ),
    ),
    keep: fc.boolean(),
  }),
);

/** The elements of `x` that become each element of the reduction, by counting out every index. */
function groups(x: { dims: readonly number[]; data: ArrayLike<number> }, axes: readonly number[]): number[][] {
  const rank = x.dims.length;
  const reduced = new Set(axes.map((axis) => (axis + rank) % rank));
  const found = new Map<string, number[]>();
  for (let i = 0; i < elementCount(x.dims); i++) {
    let rest = i;
    const index = [...x.dims].reverse().map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    });
    const key = index
      .reverse()
      .filter((_, axis) => !reduced.has(axis))
      .join();
    found.set(key, [...(found.get(key) ?? []), x.data[i]!]);
  }
  return [...found.values()];
}

describe.each(rows)('$name', ({ name, formula, low }) => {
  it('reduces the right elements', () => {
    fc.assert(
      fc.property(reductions, seeds, ({ shape, axes, keep }, seed) => {
        const x = uniformTensor(shape, seed, low, 2);
        const [y] = run([x], (b, [value]) => reduce(b, name, value!, axes, keep));
        expect(y!.dims.length).toBe(keep ? shape.length : shape.length - axes.length);
        const expected = groups(x, axes).map(formula);
        Array.from(numbersOf(y!)).forEach((value, i) => {
          expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
        });
      }),
      { numRuns: 30 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(reductions, seeds, ({ shape, axes, keep }, seed) => {
        const x = low < 0 ? distinctTensor(shape, seed, 0.1) : uniformTensor(shape, seed, low, 2);
        checkGradient({ inputs: [x], build: (b, [value]) => reduce(b, name, value!, axes, keep), seed });
      }),
      { numRuns: 25 },
    );
  });

  it('reduces everything without axes', () => {
    const x = uniformTensor([2, 3], 1, 0.5, 2);
    const [y] = run([x], (b, [value]) => reduce(b, name, value!));
    expect(y!.dims).toEqual([]);
    expect(numbersOf(y!)[0]).toBeCloseTo(formula([...x.data]), 5);
    checkGradient({ inputs: [x], build: (b, [value]) => b.op(name, [value, b.int64([])]) });
  });
});

describe('reductions', () => {
  it('refuse axes that are not constant or out of range', () => {
    const x = uniformTensor([2, 3]);
    expect(() => run([x, tensorOf('int64', [1], [0])], (b, [value, axes]) => b.op('ReduceSum', [value, axes]))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
    expect(() => run([x], (b, [value]) => reduceSum(b, value!, [2]))).toThrow(
      expect.objectContaining({ code: 'attribute-invalid' }),
    );
  });

  it('reduce whole numbers', () => {
    const [total, largest] = run([tensorOf('int64', [3], [4, -9, 2])], (b, [x]) => [
      reduceSum(b, x!),
      reduceMax(b, x!),
    ]);
    expect([total!.data, largest!.data]).toEqual([BigInt64Array.of(-3n), BigInt64Array.of(4n)]);
  });
});

describe('ReduceProd', () => {
  it.each([[[2, 3, 4]], [[0, 3, 4]], [[0, 3, 0]]])('has its derivative at %j', (values) => {
    checkGradient({ inputs: [tensorOf('float32', [3], values)], build: (b, [x]) => reduce(b, 'ReduceProd', x!) });
  });
});

describe('ReduceL2', () => {
  it('has a derivative of 0 at 0, as at the middle of the cone', () => {
    checkGradient({ inputs: [tensorOf('float32', [3], [0, 0, 0])], build: (b, [x]) => reduceL2(b, x!) });
  });
});

describe('ReduceMax and ReduceMin', () => {
  it.each(['ReduceMax', 'ReduceMin'])('%s shares the adjoint among equals', (name) => {
    // Central differences see half of the derivative to each side, which is what an equal share of two is.
    checkGradient({ inputs: [tensorOf('float32', [2], [1, 1])], build: (b, [x]) => reduce(b, name, x!) });
  });
});

describe('ReduceLogSumExp', () => {
  it('does not overflow', () => {
    const x = tensorOf('float32', [3], [1000, 1000, Number.NEGATIVE_INFINITY]);
    const [y] = run([x], (b, [value]) => reduce(b, 'ReduceLogSumExp', value!));
    expect(numbersOf(y!)[0]).toBeCloseTo(1000 + Math.LN2, 3);
  });
});
