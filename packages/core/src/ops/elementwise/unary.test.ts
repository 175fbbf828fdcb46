import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapes } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { abs } from './abs.ts';
import { cast } from './cast.ts';
import { ceil } from './ceil.ts';
import { cos } from './cos.ts';
import { erf, errorFunction } from './erf.ts';
import { exp } from './exp.ts';
import { floor } from './floor.ts';
import { log } from './log.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { reciprocal } from './reciprocal.ts';
import { round } from './round.ts';
import { sign } from './sign.ts';
import { sin } from './sin.ts';
import { sqrt } from './sqrt.ts';

interface Row {
  readonly name: string;
  readonly build: (b: GraphBuilder, x: Value) => Value;
  readonly range: readonly [number, number];
  /** What must hold between the argument and the result: returns two numbers that must agree. */
  readonly law: (x: number, y: number) => readonly [number, number];
}

const smooth: readonly Row[] = [
  { name: 'Sqrt', build: sqrt, range: [0.1, 4], law: (x, y) => [y * y, x] },
  { name: 'Exp', build: exp, range: [-3, 3], law: (x, y) => [Math.log(y), x] },
  { name: 'Log', build: log, range: [0.1, 4], law: (x, y) => [Math.exp(y), x] },
  { name: 'Abs', build: abs, range: [-3, -0.1], law: (x, y) => [y, -x] },
  { name: 'Abs', build: abs, range: [0.1, 3], law: (x, y) => [y, x] },
  { name: 'Neg', build: neg, range: [-3, 3], law: (x, y) => [x + y, 0] },
  { name: 'Reciprocal', build: reciprocal, range: [0.2, 3], law: (x, y) => [x * y, 1] },
  { name: 'Sin', build: sin, range: [-1.5, 1.5], law: (x, y) => [Math.asin(y), x] },
  { name: 'Cos', build: cos, range: [0.3, 2.8], law: (x, y) => [Math.acos(y), x] },
  { name: 'Erf', build: erf, range: [-4, 4], law: (x, y) => [y, integralOfGaussian(x)] },
];

/** `2/√π ∫₀ˣ e^(−t²) dt` by Simpson's rule. */
function integralOfGaussian(x: number): number {
  const parts = 400;
  const h = x / parts;
  let sum = 0;
  for (let i = 0; i <= parts; i++) {
    const weight = i === 0 || i === parts ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((i * h) ** 2));
  }
  return ((2 / Math.sqrt(Math.PI)) * sum * h) / 3;
}

describe.each(smooth)('$name on $range', ({ build, range, law }) => {
  const [low, high] = range;

  it('computes what it should', () => {
    fc.assert(
      fc.property(shapes(), seeds, (shape, seed) => {
        const x = uniformTensor(shape, seed, low, high);
        const [y] = run([x], (b, [value]) => build(b, value!));
        x.data.forEach((value, i) => {
          const [actual, expected] = law(value, numbersOf(y!)[i]!);
          expect(Math.abs(actual - expected)).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(shapes(), seeds, (shape, seed) => {
        checkGradient({ inputs: [uniformTensor(shape, seed, low, high)], build: (b, [x]) => build(b, x!), seed });
      }),
      { numRuns: 15 },
    );
  });
});

describe.each([
  { name: 'Floor', build: floor, values: [-2, -2, -1, 0, 1, 2] },
  { name: 'Ceil', build: ceil, values: [-1, -1, 0, 1, 2, 3] },
  { name: 'Round', build: round, values: [-2, -2, 0, 0, 2, 2] },
  { name: 'Sign', build: sign, values: [-1, -1, -1, 1, 1, 1] },
])('$name', ({ build, values }) => {
  const x = tensorOf('float32', [6], [-1.75, -1.5, -0.5, 0.5, 1.5, 2.25]);

  it('computes what it should', () => {
    const [y] = run([x], (b, [value]) => build(b, value!));
    // Adding 0 makes −0 and 0 the same.
    expect(Array.from(numbersOf(y!), (value) => value + 0)).toEqual(values);
  });

  it('has a derivative of zero', () => {
    checkGradient({ inputs: [uniformTensor([2, 3], 1, 0.1, 0.4)], build: (b, [value]) => build(b, value!) });
  });
});

describe('Cast and CastLike', () => {
  const like = (b: GraphBuilder, x: Value, dtype: 'float32' | 'float64') =>
    b.op('CastLike', [x, b.constant(tensorOf(dtype, [1], [0]))]);

  it.each([
    { from: 'float32', to: 'float64' },
    { from: 'float64', to: 'float32' },
    { from: 'float32', to: 'float32' },
  ] as const)('have the derivative of central differences from $from to $to', ({ from, to }) => {
    fc.assert(
      fc.property(shapes(), seeds, (shape, seed) => {
        checkGradient({
          inputs: [tensorOf(from, shape, uniformTensor(shape, seed).data)],
          build: (b, [x]) => [cast(b, x!, to), like(b, x!, to)],
          seed,
          // A cast is linear but for its rounding, which a wide difference does not see.
          step: 0.25,
        });
      }),
      { numRuns: 20 },
    );
  });

  it('hand nothing back through integers', () => {
    fc.assert(
      fc.property(shapes(), seeds, fc.constantFrom('int32', 'int64', 'uint8'), (shape, seed, dtype) => {
        const x = uniformTensor(shape, seed, 0.1, 0.9).data.map((value, i) => (i % 5) + value);
        checkGradient({
          inputs: [tensorOf('float32', shape, x)],
          build: (b, [value]) => mul(b, value!, cast(b, cast(b, value!, dtype), 'float32')),
          seed,
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('errorFunction', () => {
  it('is odd, goes to 1 and keeps the precision of a double', () => {
    // Abramowitz and Stegun, table 7.1.
    expect(errorFunction(0.5)).toBeCloseTo(0.5204998778, 10);
    expect(errorFunction(2)).toBeCloseTo(0.995322265, 9);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 8, noNaN: true }), (x) => {
        expect(errorFunction(-x)).toBe(-errorFunction(x));
        expect(Math.abs(errorFunction(x) - integralOfGaussian(x))).toBeLessThan(1e-8);
      }),
    );
    expect(errorFunction(Number.POSITIVE_INFINITY)).toBe(1);
    expect(errorFunction(2.5 - 1e-12)).toBeCloseTo(errorFunction(2.5 + 1e-12), 11);
  });
});
