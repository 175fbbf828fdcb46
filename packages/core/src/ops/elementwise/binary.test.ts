import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../../gradient/differentiate.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { interpret } from '../../graph/interpret.ts';
import type { Value } from '../../graph/operator.ts';
import { attribute } from '../../index.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { broadcastShapes, seeds, shapes } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { add } from './add.ts';
import { broadcastShape } from './broadcast.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';
import { pow } from './pow.ts';
import { sub } from './sub.ts';

const rows = [
  { name: 'Add', build: add, compute: (x: number, y: number) => x + y },
  { name: 'Sub', build: sub, compute: (x: number, y: number) => x - y },
  { name: 'Mul', build: mul, compute: (x: number, y: number) => x * y },
  { name: 'Div', build: div, compute: (x: number, y: number) => x / y },
  { name: 'Pow', build: pow, compute: (x: number, y: number) => Math.exp(y * Math.log(x)) },
];

/** Element `i` of a broadcast result, read from an argument by counting out its index. */
function broadcastElement(
  data: ArrayLike<number>,
  dims: readonly number[],
  shape: readonly number[],
  i: number,
): number {
  let at = 0;
  let rest = i;
  let stride = 1;
  for (let axis = shape.length - 1, own = dims.length - 1; own >= 0; axis--, own--) {
    const index = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
    if (dims[own] !== 1) at += index * stride;
    stride *= dims[own]!;
  }
  return data[at]!;
}

describe.each(rows)('$name', ({ build, compute }) => {
  it('broadcasts its arguments', () => {
    fc.assert(
      fc.property(broadcastShapes(2), seeds, ([left, right], seed) => {
        const x = uniformTensor(left!, seed, 0.5, 3);
        const y = uniformTensor(right!, seed + 1, 0.5, 3);
        const [z] = run([x, y], (b, [p, q]) => build(b, p!, q!));
        const shape = broadcastShape(left!, right!);
        expect(z!.dims).toEqual(shape);
        for (let i = 0; i < elementCount(shape); i++) {
          const p = broadcastElement(x.data, left!, shape, i);
          const q = broadcastElement(y.data, right!, shape, i);
          expect(Math.abs(numbersOf(z!)[i]! - compute(p, q))).toBeLessThan(1e-5 * (1 + Math.abs(compute(p, q))));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(broadcastShapes(2), seeds, ([left, right], seed) => {
        checkGradient({
          inputs: [uniformTensor(left!, seed, 0.5, 3), uniformTensor(right!, seed + 1, 0.5, 3)],
          build: (b, [x, y]) => build(b, x!, y!),
          seed,
        });
      }),
      { numRuns: 25 },
    );
  });

  it('takes numbers for arguments', () => {
    const x = uniformTensor([3], 1, 0.5, 3);
    const [left, right] = run([x], (b, [value]) => [build(b, 2, value!), build(b, value!, 2)]);
    x.data.forEach((value, i) => {
      expect(numbersOf(left!)[i]).toBeCloseTo(compute(2, value), 5);
      expect(numbersOf(right!)[i]).toBeCloseTo(compute(value, 2), 5);
    });
    checkGradient({ inputs: [x], build: (b, [value]) => [build(b, 2, value!), build(b, value!, 2)] });
  });

  it('refuses shapes and element types that do not go together', () => {
    const build2 = (left: Value['shape'], right: Value['shape'], dtype: 'float32' | 'float64') =>
      run([uniformTensor(left), tensorOf(dtype, right, uniformTensor(right).data)], (b, [x, y]) => build(b, x!, y!));
    expect(() => build2([2, 3], [2], 'float32')).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
    if (build !== pow) {
      expect(() => build2([2], [2], 'float64')).toThrow(/float32 and float64 differ/);
    }
  });
});

describe('Pow', () => {
  it('has its derivative for a constant exponent', () => {
    const exponents = fc.oneof(fc.constantFrom(0, 0.5, 1, 2, 3, -1), fc.double({ min: -3, max: 4, noNaN: true }));
    fc.assert(
      fc.property(shapes(), exponents, seeds, (shape, exponent, seed) => {
        checkGradient({ inputs: [uniformTensor(shape, seed, 0.3, 2)], build: (b, [x]) => pow(b, x!, exponent), seed });
      }),
      { numRuns: 40 },
    );
  });

  it('has it for negative bases with whole exponents, and for a constant exponent that broadcasts', () => {
    const whole = fc.integer({ min: -3, max: 4 });
    const types = fc.constantFrom('float32', 'int32', 'int64');
    fc.assert(
      fc.property(broadcastShapes(2), whole, types, seeds, ([left, right], exponent, dtype, seed) => {
        const x = tensorOf(
          'float32',
          left!,
          uniformTensor(left!, seed, 0.3, 2).data.map((v, i) => (i % 2 ? v : -v)),
        );
        const power = (shape: readonly number[], step: number) =>
          tensorOf(
            dtype,
            shape,
            Array.from({ length: elementCount(shape) }, (_, i) => exponent + step * (i % 2)),
          );
        for (const y of [power([], 0), power(right!, 1)]) {
          checkGradient({ inputs: [x, y], constant: [1], build: (b, [base, own]) => pow(b, base!, own!), seed });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is flat where the exponent is 0, also at 0', () => {
    for (const exponent of [tensorOf('float32', [], [0]), tensorOf('float32', [3], [0, 1, 2])]) {
      const b = new GraphBuilder();
      const x = b.input('x', 'float32', [3]);
      const [dx] = differentiate(b, reduceSum(b, pow(b, x, b.constant(exponent))), [x]);
      b.output(dx!, 'dx');
      const { data } = interpret(b.build(), { x: tensorOf('float32', [3], [0, 0, 0]) }).dx!;
      expect([...(data as Float32Array)]).toEqual([0, exponent.dims.length, 0]);
    }
  });

  it('takes negative bases to whole powers, and an exponent of another type', () => {
    const x = tensorOf('float32', [3], [-2, -1, 3]);
    const cube = (b: GraphBuilder, value: Value) => pow(b, value, b.constant(tensorOf('int64', [], [3])));
    expect(Array.from(numbersOf(run([x], (b, [value]) => cube(b, value!))[0]!))).toEqual([-8, -1, 27]);
    checkGradient({ inputs: [x], build: (b, [value]) => cube(b, value!) });
    const exponents = tensorOf('int64', [3], [1, 2, 3]);
    checkGradient({ inputs: [x, exponents], build: (b, [value, power]) => pow(b, value!, power!) });
  });

  it('has a derivative of 0 by the exponent where the base is 0', () => {
    const x = tensorOf('float32', [1], [0]);
    const y = uniformTensor([4], 1, 1, 2);
    checkGradient({ inputs: [x, y], constant: [0], build: (b, [p, q]) => pow(b, p!, q!) });
  });
});

describe('Div', () => {
  it('divides integers towards zero', () => {
    const x = tensorOf('int64', [4], [7, -7, 7, -7]);
    const y = tensorOf('int64', [4], [2, 2, -2, -2]);
    expect([...(run([x, y], (b, [p, q]) => div(b, p!, q!))[0]!.data as BigInt64Array)]).toEqual([3n, -3n, -3n, 3n]);
  });

  it('refuses to divide an integer by zero', () => {
    const x = tensorOf('int64', [1], [1]);
    const y = tensorOf('int64', [1], [0]);
    expect(() => run([x, y], (b, [p, q]) => div(b, p!, q!))).toThrow(expect.objectContaining({ code: 'not-finite' }));
  });
});

describe('Mod', () => {
  const mod = (fmod: number) => (b: GraphBuilder, x: Value, y: Value) =>
    b.op('Mod', [x, y], { fmod: attribute.int(fmod) });

  it('takes the sign of the divisor, or with fmod of the dividend', () => {
    const x = tensorOf('int32', [4], [7, -7, 7, -7]);
    const y = tensorOf('int32', [4], [3, 3, -3, -3]);
    const remainder = (fmod: number) => Array.from(numbersOf(run([x, y], (b, [p, q]) => mod(fmod)(b, p!, q!))[0]!));
    expect(remainder(0)).toEqual([1, 2, -2, -1]);
    expect(remainder(1)).toEqual([1, -1, 1, -1]);
  });

  it('has the derivative of central differences', () => {
    // Quotients are kept away from whole numbers, where the remainder jumps.
    fc.assert(
      fc.property(seeds, fc.constantFrom(-1, 1), fc.constantFrom(-1, 1), (seed, p, q) => {
        const whole = uniformTensor([2, 3], seed, 0, 4).data.map(Math.floor);
        const rest = uniformTensor([2, 3], seed + 1, 0.2, 0.8).data;
        const y = uniformTensor([3], seed + 2, 1, 2).data.map((value) => value * q);
        const x = whole.map((n, i) => p * (n + rest[i]!) * Math.abs(y[i % 3]!));
        checkGradient({
          inputs: [tensorOf('float32', [2, 3], x), tensorOf('float32', [3], y)],
          build: (b, [left, right]) => mod(1)(b, left!, right!),
        });
      }),
      { numRuns: 20 },
    );
  });
});
