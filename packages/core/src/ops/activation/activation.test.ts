import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { attribute } from '../../index.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapes } from '../../testing/shapes.ts';
import { distinctTensor } from '../../testing/values.ts';
import { add } from '../elementwise/add.ts';
import { div } from '../elementwise/div.ts';
import { mul } from '../elementwise/mul.ts';
import { celu } from './celu.ts';
import { clip } from './clip.ts';
import { elu } from './elu.ts';
import { gelu } from './gelu.ts';
import { hardSigmoid } from './hardSigmoid.ts';
import { hardSwish } from './hardSwish.ts';
import { leakyRelu } from './leakyRelu.ts';
import { mish } from './mish.ts';
import { pRelu } from './pRelu.ts';
import { relu } from './relu.ts';
import { selu } from './selu.ts';
import { sigmoid } from './sigmoid.ts';
import { softplus } from './softplus.ts';
import { softsign } from './softsign.ts';
import { tanh } from './tanh.ts';
import { thresholdedRelu } from './thresholdedRelu.ts';

interface Row {
  readonly name: string;
  readonly build: (b: GraphBuilder, x: Value) => Value;
  /** The function in another form than the operator's own. */
  readonly formula: (x: number) => number;
}

const e = Math.exp;
/** The normal distribution function by Simpson's rule. */
function normal(x: number): number {
  const parts = 400;
  const h = x / parts;
  let sum = 0;
  for (let i = 0; i <= parts; i++) sum += (i === 0 || i === parts ? 1 : i % 2 === 1 ? 4 : 2) * e(-((i * h) ** 2) / 2);
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}
const { float } = attribute;
const tanhOf = (x: number) => 1 - 2 / (e(2 * x) + 1);

const swish = (alpha: number) => (x: number) => x / (1 + e(-alpha * x));
const hardSwishOf = (x: number) => (x > 3 ? x : x < -3 ? 0 : (x * (x + 3)) / 6);

const rows: readonly Row[] = [
  { name: 'Relu', build: relu, formula: (x) => (x + Math.abs(x)) / 2 },
  { name: 'LeakyRelu 0.01', build: leakyRelu, formula: (x) => Math.max(x, 0.01 * x) },
  { name: 'LeakyRelu 0', build: (b, x) => leakyRelu(b, x, 0), formula: (x) => Math.max(x, 0) },
  { name: 'LeakyRelu 1.5', build: (b, x) => leakyRelu(b, x, 1.5), formula: (x) => Math.min(x, 1.5 * x) },
  { name: 'LeakyRelu −0.5', build: (b, x) => leakyRelu(b, x, -0.5), formula: (x) => Math.max(x, -0.5 * x) },
  { name: 'Elu', build: elu, formula: (x) => Math.max(x, 0) + e(Math.min(x, 0)) - 1 },
  { name: 'Elu 0.5', build: (b, x) => elu(b, x, 0.5), formula: (x) => Math.max(x, 0) + 0.5 * (e(Math.min(x, 0)) - 1) },
  {
    name: 'Elu −0.5',
    build: (b, x) => elu(b, x, -0.5),
    formula: (x) => Math.max(x, 0) - 0.5 * (e(Math.min(x, 0)) - 1),
  },
  {
    name: 'Selu',
    build: selu,
    formula: (x) => 1.0507009873554805 * (Math.max(x, 0) + 1.6732632423543772 * (e(Math.min(x, 0)) - 1)),
  },
  {
    name: 'Selu 2, 0.5',
    build: (b, x) => b.op('Selu', [x], { alpha: float(2), gamma: float(0.5) }),
    formula: (x) => 0.5 * (Math.max(x, 0) + 2 * (e(Math.min(x, 0)) - 1)),
  },
  { name: 'Celu', build: celu, formula: (x) => (x > 0 ? x : e(x) - 1) },
  { name: 'Celu 2', build: (b, x) => celu(b, x, 2), formula: (x) => (x > 0 ? x : 2 * (e(x / 2) - 1)) },
  { name: 'Sigmoid', build: sigmoid, formula: (x) => (1 + tanhOf(x / 2)) / 2 },
  { name: 'HardSigmoid', build: hardSigmoid, formula: (x) => (x > 2.5 ? 1 : x < -2.5 ? 0 : 0.2 * x + 0.5) },
  {
    name: 'HardSigmoid 1, 0.2',
    build: (b, x) => hardSigmoid(b, x, 1, 0.2),
    formula: (x) => (x > 0.8 ? 1 : x < -0.2 ? 0 : x + 0.2),
  },
  { name: 'HardSwish', build: hardSwish, formula: hardSwishOf },
  // As exporters write them, in several operators.
  { name: 'Swish as x · Sigmoid(x)', build: (b, x) => mul(b, x, sigmoid(b, x)), formula: swish(1) },
  {
    name: 'Swish of opset 24, alpha 1.5',
    build: (b, x) => mul(b, x, sigmoid(b, mul(b, x, b.scalar(1.5)))),
    formula: swish(1.5),
  },
  {
    name: 'Swish of opset 24, alpha −0.7',
    build: (b, x) => mul(b, x, sigmoid(b, mul(b, x, b.scalar(-0.7)))),
    formula: swish(-0.7),
  },
  {
    name: 'HardSwish as x · HardSigmoid(x)',
    build: (b, x) => mul(b, x, hardSigmoid(b, x, 1 / 6, 0.5)),
    formula: hardSwishOf,
  },
  {
    name: 'HardSwish as x · Clip(x + 3, 0, 6) / 6',
    build: (b, x) => div(b, mul(b, x, clip(b, add(b, x, 3), 0, 6)), 6),
    formula: hardSwishOf,
  },
  {
    name: 'HardSwish as x · (Clip(x + 3, 0, 6) / 6)',
    build: (b, x) => mul(b, x, div(b, clip(b, add(b, x, 3), 0, 6), 6)),
    formula: hardSwishOf,
  },
  { name: 'Tanh', build: tanh, formula: tanhOf },
  { name: 'Softplus', build: softplus, formula: (x) => Math.log(1 + e(x)) },
  { name: 'Softsign', build: softsign, formula: (x) => (x > 0 ? 1 - 1 / (1 + x) : 1 / (1 - x) - 1) },
  { name: 'Mish', build: mish, formula: (x) => x * (1 - 2 / ((1 + e(x)) ** 2 + 1)) },
  { name: 'Gelu', build: gelu, formula: (x) => x * normal(x) },
  {
    name: 'Gelu tanh',
    build: (b, x) => gelu(b, x, 'tanh'),
    formula: (x) => x / (1 + e(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  },
  { name: 'ThresholdedRelu', build: thresholdedRelu, formula: (x) => (x > 1 ? x : 0) },
  { name: 'Clip', build: (b, x) => clip(b, x, -0.7, 1.2), formula: (x) => Math.min(Math.max(x, -0.7), 1.2) },
  { name: 'Clip to 1', build: (b, x) => clip(b, x, -0.5, 1), formula: (x) => Math.min(Math.max(x, -0.5), 1) },
  { name: 'Clip from 0', build: (b, x) => clip(b, x, 0), formula: (x) => Math.max(x, 0) },
  { name: 'Clip to 0.6', build: (b, x) => clip(b, x, undefined, 0.6), formula: (x) => Math.min(x, 0.6) },
  { name: 'Clip nowhere', build: (b, x) => clip(b, x), formula: (x) => x },
];

// Values are odd multiples of 0.05, which no kink of the rows is.
const values = (shape: readonly number[], seed: number) => {
  const spread = distinctTensor(shape, seed, 0.1);
  return tensorOf(
    'float32',
    shape,
    spread.data.map((x) => (Math.abs(x) > 6 ? x / 16 : x)),
  );
};

describe.each(rows)('$name', ({ build, formula }) => {
  it('computes its formula', () => {
    fc.assert(
      fc.property(shapes(), seeds, (shape, seed) => {
        const x = values(shape, seed);
        const y = numbersOf(run([x], (b, [value]) => build(b, value!))[0]!);
        x.data.forEach((value, i) => {
          expect(Math.abs(y[i]! - formula(value))).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 15 },
    );
  });

  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(shapes(), seeds, (shape, seed) => {
        checkGradient({ inputs: [values(shape, seed)], build: (b, [x]) => build(b, x!), seed });
      }),
      { numRuns: 10 },
    );
  });
});

describe('Softplus and Mish', () => {
  it('do not overflow', () => {
    const x = tensorOf('float32', [2], [1000, -1000]);
    const [soft, smooth] = run([x], (b, [value]) => [softplus(b, value!), mish(b, value!)]);
    expect(Array.from(numbersOf(soft!))).toEqual([1000, 0]);
    expect(Array.from(numbersOf(smooth!), (value) => value + 0)).toEqual([1000, 0]);
  });
});

describe('PRelu', () => {
  it('broadcasts its slope, and has the derivatives of central differences', () => {
    const slopeShapes = shapes(0, 4, 3).chain((shape) =>
      fc
        .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
        .map(([drop, ones]) => ({ shape, slope: shape.map((size, k) => (ones[k] ? 1 : size)).slice(drop) })),
    );
    fc.assert(
      fc.property(slopeShapes, seeds, ({ shape, slope }, seed) => {
        checkGradient({
          inputs: [values(shape, seed), values(slope, seed + 1)],
          build: (b, [x, factor]) => pRelu(b, x!, factor!),
          seed,
        });
      }),
      { numRuns: 25 },
    );
    const inputs = [tensorOf('float32', [2, 2], [-1, 2, -3, 4]), tensorOf('float32', [2, 1], [0.5, 2])];
    expect(Array.from(numbersOf(run(inputs, (b, [x, slope]) => pRelu(b, x!, slope!))[0]!))).toEqual([-0.5, 2, -6, 4]);
  });

  it('refuses a slope that is larger than its input', () => {
    expect(() => run([values([1, 3], 1), values([2, 3], 1)], (b, [x, slope]) => pRelu(b, x!, slope!))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  });
});

describe('Clip', () => {
  it('hands its bounds what they hold back', () => {
    fc.assert(
      fc.property(shapes(1), seeds, (shape, seed) => {
        const bounds = [tensorOf('float32', [], [-0.512]), tensorOf('float32', [], [0.733])];
        checkGradient({
          inputs: [values(shape, seed), ...bounds],
          build: (b, [x, low, high]) => clip(b, x!, low, high),
          seed,
        });
        checkGradient({
          inputs: [values(shape, seed), bounds[1]!],
          build: (b, [x, high]) => clip(b, x!, undefined, high),
          seed,
        });
      }),
      { numRuns: 15 },
    );
  });
});
