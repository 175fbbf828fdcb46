import type { Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate, GraphBuilder, interpret, type Value } from '../../index.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapesWithAxis } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { cast } from '../elementwise/cast.ts';
import { mul } from '../elementwise/mul.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { dequantizeLinear } from './dequantizeLinear.ts';
import { fakeQuantize } from './fakeQuantize.ts';
import { learnedStep } from './learnedStep.ts';
import { quantizeLinear } from './quantizeLinear.ts';

/** The numbers of a tensor, without the difference between 0 and −0. */
const data = (tensor: Tensor) => Array.from(numbersOf(tensor), (value) => value + 0);

/** Gradients of `Σ weights · build(inputs)` with respect to the inputs. */
function gradients(
  inputs: readonly Tensor[],
  weights: Tensor,
  build: (b: GraphBuilder, inputs: Value[]) => Value,
): number[][] {
  const b = new GraphBuilder();
  const values = inputs.map((tensor, i) => b.input(`input${i}`, tensor.dtype, tensor.dims));
  const loss = reduceSum(b, mul(b, build(b, values), b.input('weights', 'float32', weights.dims)));
  differentiate(b, loss, values).forEach((gradient, i) => {
    b.output(gradient, `gradient${i}`);
  });
  const feeds = { weights, ...Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor])) };
  const results = interpret(b.build(), feeds);
  return inputs.map((_, i) => data(results[`gradient${i}`]!));
}

describe('fakeQuantize', () => {
  it('is what QuantizeLinear and DequantizeLinear leave, per tensor and per axis', () => {
    const cases = fc.record({ place: shapesWithAxis(), seed: seeds, whole: fc.boolean(), constant: fc.boolean() });
    fc.assert(
      fc.property(cases, ({ place: { shape, axis }, seed, whole, constant }) => {
        const dims = whole ? [] : [shape.at(axis)!];
        const x = uniformTensor(shape, seed, -3, 3);
        const scale = uniformTensor(dims, seed + 1, 0.01, 0.03);
        const zeroPoint = tensorOf('uint8', dims, uniformTensor(dims, seed + 2, 50, 200).data);
        const along = whole ? {} : { axis };
        const [fake, real] = run(
          constant ? [x] : [x, scale, zeroPoint],
          (b, [value, s = b.constant(scale), z = b.constant(zeroPoint)]) => [
            fakeQuantize(b, value!, { scale: s, zeroPoint: cast(b, z, 'float32'), low: 0, high: 255, ...along }),
            dequantizeLinear(b, quantizeLinear(b, value!, s, z, along.axis), s, z, along.axis),
          ],
        );
        expect(data(fake!)).toEqual(data(real!));
      }),
      { numRuns: 60 },
    );
  });

  it('takes plain numbers', () => {
    const x = tensorOf('float32', [5], [-9, -0.26, 0, 0.26, 9]);
    const [signed, shifted] = run([x], (b, [value]) => [
      fakeQuantize(b, value!, { scale: 0.5, low: -2, high: 1 }),
      fakeQuantize(b, value!, { scale: 0.5, zeroPoint: 3, low: 0, high: 7 }),
    ]);
    expect(data(signed!)).toEqual([-1, -0.5, 0, 0.5, 0.5]);
    expect(data(shifted!)).toEqual([-1.5, -0.5, 0, 0.5, 2]);
  });

  it('passes the adjoint inside its range, or everywhere', () => {
    const x = tensorOf('float32', [6], [-1.3, -1.2, -0.1, 0.4, 0.7, 0.8]);
    const weights = uniformTensor([6], 3, 1, 2);
    // round(x / 0.5) is −3, −2, 0, 1, 1, 2 and the range −2…1.
    const grid = { scale: 0.5, low: -2, high: 1 };
    const [inside] = gradients([x], weights, (b, [value]) => fakeQuantize(b, value!, grid));
    expect(inside).toEqual([0, 1, 1, 1, 1, 0].map((mask, i) => mask * weights.data[i]!));
    const [everywhere] = gradients([x], weights, (b, [value]) =>
      fakeQuantize(b, value!, { ...grid, passes: 'everywhere' }),
    );
    expect(everywhere).toEqual([...weights.data]);
  });

  it('folds away on constants', () => {
    const b = new GraphBuilder();
    const y = fakeQuantize(b, b.constant(tensorOf('float32', [2], [0.24, 0.26])), { scale: 0.5, low: -2, high: 1 });
    expect(data(b.constantOf(y)!)).toEqual([0, 0.5]);
  });

  it('refuses a vector without an axis', () => {
    const scale = tensorOf('float32', [2], [1, 1]);
    expect(() =>
      run([uniformTensor([2, 2]), scale], (b, [x, s]) => fakeQuantize(b, x!, { scale: s!, low: 0, high: 1 })),
    ).toThrow(/needs the axis/);
  });
});

describe('learnedStep', () => {
  it('is fakeQuantize without a zero point', () => {
    fc.assert(
      fc.property(shapesWithAxis(), seeds, ({ shape, axis }, seed) => {
        const inputs = [uniformTensor(shape, seed), uniformTensor([shape.at(axis)!], seed + 1, 0.05, 0.2)];
        const [learned, fixed] = run(inputs, (b, [x, step]) => [
          learnedStep(b, x!, step!, { low: -8, high: 7, gradientScale: 1, axis }),
          fakeQuantize(b, x!, { scale: step!, low: -8, high: 7, axis }),
        ]);
        expect(data(learned!)).toEqual(data(fixed!));
      }),
      { numRuns: 40 },
    );
  });

  it('has the gradients of the paper', () => {
    // x / step = −3.2, −1.3, 0.4, 0.6, 2.5 in the range −2…1.
    const ratios = [-3.2, -1.3, 0.4, 0.6, 2.5];
    const step = 0.5;
    const x = tensorOf(
      'float32',
      [5],
      ratios.map((ratio) => ratio * step),
    );
    const weights = tensorOf('float32', [5], [1, 2, 3, 4, 5]);
    const [byX, byStep] = gradients([x, tensorOf('float32', [], [step])], weights, (b, [value, size]) =>
      learnedStep(b, value!, size!, { low: -2, high: 1, gradientScale: 0.25 }),
    );
    expect(byX).toEqual([0, 2, 3, 4, 0]);
    const each = [-2, -1 + 1.3, 0 - 0.4, 1 - 0.6, 1];
    expect(byStep![0]).toBeCloseTo(0.25 * each.reduce((sum, value, i) => sum + value * weights.data[i]!, 0), 5);
  });

  it('sums the gradient of each step of an axis', () => {
    fc.assert(
      fc.property(shapesWithAxis(3), seeds, ({ shape, axis }, seed) => {
        const x = uniformTensor(shape, seed);
        const weights = uniformTensor(shape, seed + 1);
        const steps = uniformTensor([shape.at(axis)!], seed + 2, 0.1, 0.3);
        const options = { low: -3, high: 3, gradientScale: 0.5 };
        const [byX, byStep] = gradients([x, steps], weights, (b, [value, size]) =>
          learnedStep(b, value!, size!, { ...options, axis }),
        );
        const inner = shape.slice(axis < 0 ? axis + shape.length + 1 : axis + 1).reduce((n, size) => n * size, 1);
        const expected = new Float64Array(steps.data.length);
        x.data.forEach((value, i) => {
          const channel = Math.floor(i / inner) % steps.data.length;
          const ratio = value / steps.data[channel]!;
          const inside = ratio >= -3 && ratio <= 3;
          expect(byX![i]).toBe(inside ? weights.data[i] : 0);
          const slope = inside ? Math.round(ratio) - ratio : Math.sign(ratio) * 3;
          expected[channel]! += 0.5 * weights.data[i]! * slope;
        });
        byStep!.forEach((value, channel) => {
          expect(value).toBeCloseTo(expected[channel]!, 4);
        });
      }),
      { numRuns: 25 },
    );
  });
});
