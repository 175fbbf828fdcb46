import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, elementTypeCodes } from '../../index.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { broadcastShapes, seeds, shapes } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { expand } from '../layout/expand.ts';
import { broadcastShape } from './broadcast.ts';
import { equal, greater, greaterOrEqual, less, lessOrEqual } from './comparison.ts';
import { where } from './where.ts';

const bits = (tensor: { data: unknown }) => Array.from(tensor.data as Uint8Array);
const whole = (shape: readonly number[], seed: number, dtype: 'float32' | 'int64' = 'int64') =>
  tensorOf(dtype, shape, uniformTensor(shape, seed, 0, 2.99).data.map(Math.floor));
const flags = (shape: readonly number[], seed: number) =>
  tensorOf('bool', shape, uniformTensor(shape, seed, 0, 1.99).data.map(Math.floor));

describe('comparisons', () => {
  it.each(['float32', 'int64'] as const)('exclude and complete each other on %s', (dtype) => {
    fc.assert(
      fc.property(broadcastShapes(2), seeds, ([left, right], seed) => {
        const inputs = [whole(left!, seed, dtype), whole(right!, seed + 1, dtype)];
        const results = run(inputs, (b, [x, y]) =>
          [equal, greater, less, greaterOrEqual, lessOrEqual].map((compare) => compare(b, x!, y!)),
        );
        const [same, above, below, notBelow, notAbove] = results.map(bits);
        expect(results[0]!.dtype).toBe('bool');
        same!.forEach((value, i) => {
          expect(value + above![i]! + below![i]!).toBe(1);
          expect(notBelow![i]).toBe(1 - below![i]!);
          expect(notAbove![i]).toBe(1 - above![i]!);
        });
      }),
      { numRuns: 30 },
    );
    const [above, below] = run([tensorOf(dtype, [3], [1, 2, 3])], (b, [x]) => [greater(b, x!, 2), less(b, x!, 2)]);
    expect([bits(above!), bits(below!)]).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
  });

  it('find nothing true of NaN', () => {
    const x = tensorOf('float32', [1], [Number.NaN]);
    const results = run([x], (b, [value]) => [
      equal(b, value!, value!),
      greaterOrEqual(b, value!, 0),
      less(b, value!, 0),
    ]);
    expect(results.map(bits)).toEqual([[0], [0], [0]]);
  });
});

describe('And, Or, Xor, Not', () => {
  it('obey De Morgan', () => {
    fc.assert(
      fc.property(broadcastShapes(2), seeds, ([left, right], seed) => {
        const [xor, viaOr, and, viaNot] = run([flags(left!, seed), flags(right!, seed + 1)], (b, [x, y]) => {
          const not = (value: typeof x) => b.op('Not', [value]);
          const both = b.op('And', [x, y]);
          const either = b.op('Or', [x, y]);
          return [b.op('Xor', [x, y]), b.op('And', [either, not(both)]), both, not(b.op('Or', [not(x!), not(y!)]))];
        }).map(bits);
        expect(xor).toEqual(viaOr);
        expect(and).toEqual(viaNot);
      }),
    );
    const table = run([tensorOf('bool', [2, 1], [0, 1]), tensorOf('bool', [2], [0, 1])], (b, [x, y]) =>
      ['And', 'Or', 'Xor'].map((op) => b.op(op, [x, y])),
    );
    expect(table.map(bits)).toEqual([
      [0, 0, 0, 1],
      [0, 1, 1, 1],
      [0, 1, 1, 0],
    ]);
  });

  it('refuse numbers', () => {
    expect(() => run([uniformTensor([2])], (b, [x]) => b.op('Not', [x]))).toThrow(/takes bool, not float32/);
  });
});

describe('IsNaN and IsInf', () => {
  const x = tensorOf('float32', [4], [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);

  it('tell what is not finite', () => {
    const { int } = attribute;
    const results = run([x], (b, [value]) => [
      b.op('IsNaN', [value]),
      b.op('IsInf', [value]),
      b.op('IsInf', [value], { detect_negative: int(0) }),
      b.op('IsInf', [value], { detect_positive: int(0) }),
    ]);
    expect(results.map(bits)).toEqual([
      [0, 1, 0, 0],
      [0, 0, 1, 1],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
  });
});

describe('Where', () => {
  it('takes each element from one of its arguments', () => {
    fc.assert(
      fc.property(broadcastShapes(3), seeds, ([c, x, y], seed) => {
        const shape = broadcastShape(c!, x!, y!);
        const results = run(
          [flags(c!, seed), uniformTensor(x!, seed + 1), uniformTensor(y!, seed + 2)],
          (b, [condition, left, right]) => [
            where(b, condition!, left!, right!),
            expand(b, condition!, shape),
            expand(b, left!, shape),
            expand(b, right!, shape),
          ],
        );
        const [chosen, holds, left, right] = results.map(numbersOf);
        expect(results[0]!.dims).toEqual(shape);
        expect(Array.from(chosen!)).toEqual(Array.from(holds!, (taken, i) => (taken ? left![i] : right![i])));
      }),
      { numRuns: 40 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(broadcastShapes(3), seeds, ([c, x, y], seed) => {
        checkGradient({
          inputs: [flags(c!, seed), uniformTensor(x!, seed + 1), uniformTensor(y!, seed + 2)],
          build: (b, [condition, left, right]) => where(b, condition!, left!, right!),
        });
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a condition that is not bool', () => {
    expect(() => run([uniformTensor([2])], (b, [x]) => where(b, x!, x!, 0))).toThrow(/not of type bool/);
  });
});

describe('Cast', () => {
  it('keeps whole numbers of 0 to 7 through every numeric type', () => {
    fc.assert(
      fc.property(shapes(), seeds, (shape, seed) => {
        const x = tensorOf('float32', shape, uniformTensor(shape, seed, 0, 7.99).data.map(Math.floor));
        for (const dtype of [
          'float64',
          'float16',
          'bfloat16',
          'int4',
          'uint4',
          'int8',
          'uint8',
          'int16',
          'uint16',
          'int32',
          'uint32',
          'int64',
          'uint64',
        ] as const) {
          const [there, back] = run([x], (b, [value]) => {
            const other = b.op('Cast', [value], { to: attribute.int(elementTypeCodes[dtype]) });
            return [other, b.op('CastLike', [other, value])];
          });
          expect(there!.dtype).toBe(dtype);
          expect(back!.data).toEqual(x.data);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('truncates to integers, and takes everything but 0 as true', () => {
    const x = tensorOf('float32', [4], [-1.7, -0.2, 0, 1.7]);
    const [integers, booleans] = run([x], (b, [value]) =>
      [elementTypeCodes.int32, elementTypeCodes.bool].map((code) => b.op('Cast', [value], { to: attribute.int(code) })),
    );
    expect(Array.from(numbersOf(integers!), (value) => value + 0)).toEqual([-1, 0, 0, 1]);
    expect(bits(booleans!)).toEqual([1, 1, 0, 1]);
  });

  it('has the adjoint, cast back, as derivative', () => {
    const toDouble = { to: attribute.int(elementTypeCodes.float64) };
    checkGradient({ inputs: [uniformTensor([2, 3])], build: (b, [x]) => b.op('Cast', [x], toDouble) });
    checkGradient({
      inputs: [uniformTensor([2, 3]), tensorOf('float64', [], [0])],
      constant: [1],
      build: (b, [x, like]) => b.op('CastLike', [x, like]),
    });
  });
});
