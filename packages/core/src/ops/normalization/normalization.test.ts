import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float, int } from '../../graph/attributes.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { interpret } from '../../graph/interpret.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { uniformTensor } from '../../testing/values.ts';
import { batchNormalization, batchNormalizationTraining } from './batchNormalization.ts';
import { groupNormalization, instanceNormalization } from './groupNormalization.ts';
import { layerNormalization } from './layerNormalization.ts';
import { lrn } from './lrn.ts';
import { logSoftmax, softmax } from './softmax.ts';

const shapes = fc.record({
  samples: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 4 }),
  spatial: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
});
const runs = { numRuns: 30 };

describe('batchNormalization', () => {
  it('has derivatives by the input and all parameters', () => {
    const constants = fc.constantFrom([], [1, 2, 3, 4], [0], [3, 4]);
    fc.assert(
      fc.property(shapes, constants, ({ samples, channels, spatial }, constant) => {
        checkGradient({
          inputs: [
            uniformTensor([samples, channels, ...spatial], 1),
            uniformTensor([channels], 2),
            uniformTensor([channels], 3),
            uniformTensor([channels], 4),
            uniformTensor([channels], 5, 0.5, 2),
          ],
          constant,
          build: (b, [x, scale, shift, mean, variance]) =>
            batchNormalization(b, x!, { scale: scale!, shift: shift!, mean: mean!, variance: variance! }, 1e-3),
        });
      }),
      runs,
    );
  });

  it('differentiates batch and running statistics in training mode', () => {
    const momenta = fc.constantFrom(0, 0.5, 0.9);
    const wanted = fc.constantFrom('y', 'statistics', 'all');
    fc.assert(
      fc.property(shapes, momenta, wanted, ({ samples, channels, spatial }, momentum, outputs) => {
        checkGradient({
          inputs: [
            uniformTensor([samples, channels, ...spatial, 2], 1),
            uniformTensor([channels], 2),
            uniformTensor([channels], 3),
            uniformTensor([channels], 4),
            uniformTensor([channels], 5, 0.5, 2),
          ],
          build: (b, [x, scale, shift, mean, variance]) => {
            const parameters = { scale: scale!, shift: shift!, mean: mean!, variance: variance! };
            const result = batchNormalizationTraining(b, x!, parameters, { momentum, epsilon: 0.1 });
            const statistics = [result.mean, result.variance];
            return { y: [result.y], statistics, all: [result.y, ...statistics] }[outputs]!;
          },
        });
      }),
      runs,
    );
  });

  it('gives the statistics of the batch with momentum 0, the variance that of the population', () => {
    const b = new GraphBuilder();
    const zeros = b.constant(tensorOf('float32', [1], [0]));
    const x = b.constant(tensorOf('float32', [2, 1, 2], [1, 2, 3, 6]));
    const parameters = { scale: zeros, shift: zeros, mean: zeros, variance: zeros };
    const { mean, variance } = batchNormalizationTraining(b, x, parameters, { momentum: 0 });
    expect(numbersOf(b.constantOf(mean)!)[0]).toBe(3);
    expect(numbersOf(b.constantOf(variance)!)[0]).toBe(3.5);
  });

  it('names the parameter that does not fit', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 3, 2]);
    const two = b.input('two', 'float32', [2]);
    const parameters = { scale: two, shift: two, mean: two, variance: two };
    expect(() => batchNormalization(b, x, parameters)).toThrow(/\[2\] is not one value for each channel of \[1,3,2\]/);
  });
});

describe('groupNormalization and instanceNormalization', () => {
  it('have derivatives by the input and both parameters', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 3 }), ({ samples, channels, spatial }, groups) => {
        const total = channels * Math.max(1, groups);
        checkGradient({
          inputs: [
            uniformTensor([samples, total, ...spatial, 2], 1),
            uniformTensor([total], 2),
            uniformTensor([total], 3),
          ],
          build: (b, [x, scale, shift]) =>
            groups === 0
              ? instanceNormalization(b, x!, scale!, shift!, 0.1)
              : groupNormalization(b, x!, scale!, shift!, groups, 0.1),
        });
      }),
      runs,
    );
  });
});

describe('layerNormalization', () => {
  it('has derivatives by the input and both parameters', () => {
    const cases = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      axis: fc.integer({ min: -4, max: 3 }),
      shifted: fc.boolean(),
      narrow: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ shape, axis, shifted, narrow }) => {
        fc.pre(axis >= -shape.length && axis < shape.length);
        const normalized = narrow ? shape.slice(-1) : shape.slice(axis < 0 ? axis + shape.length : axis);
        const parameters = [uniformTensor(normalized, 2), uniformTensor(normalized, 3)];
        checkGradient({
          inputs: [uniformTensor(shape, 1), ...parameters.slice(0, shifted ? 2 : 1)],
          build: (b, [x, scale, shift]) => layerNormalization(b, x!, scale!, shift, { axis, epsilon: 0.1 }),
        });
      }),
      runs,
    );
  });

  it('differentiates its mean and inverse deviation, with and without what it normalises', () => {
    const cases = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      axis: fc.integer({ min: -4, max: 3 }),
      shifted: fc.boolean(),
      read: fc.subarray([0, 1, 2], { minLength: 1 }),
    });
    fc.assert(
      fc.property(cases, ({ shape, axis, shifted, read }) => {
        fc.pre(axis >= -shape.length && axis < shape.length);
        const parameters = [uniformTensor(shape.slice(-1), 2), uniformTensor(shape.slice(-1), 3)];
        checkGradient({
          inputs: [uniformTensor(shape, 1), ...parameters.slice(0, shifted ? 2 : 1)],
          build: (b, inputs) => {
            const own = { axis: int(axis), epsilon: float(0.1) };
            const outputs = b.apply('LayerNormalization', inputs, { attributes: own, outputs: 3 });
            return read.map((output) => outputs[output]!);
          },
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('lrn', () => {
  it('has the derivative of its definition', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 5 }), ({ samples, channels, spatial }, size) => {
        checkGradient({
          inputs: [uniformTensor([samples, channels, ...spatial])],
          build: (b, [x]) => lrn(b, x!, { size, alpha: 0.5, beta: 0.75, bias: 1 }),
        });
      }),
      runs,
    );
  });

  it('sums squares over the channels around each', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 4, 1, 1]);
    b.output(lrn(b, x, { size: 3, alpha: 1, beta: 1, bias: 1 }), 'y');
    const { y } = interpret(b.build(), { x: tensorOf('float32', [1, 4, 1, 1], [1, 2, 3, 4]) });
    // 1 + (1 + 4) / 3, 1 + (1 + 4 + 9) / 3, …
    const expected = [1 / (8 / 3), 2 / (17 / 3), 3 / (32 / 3), 4 / (28 / 3)];
    Array.from(numbersOf(y!)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });
});

describe('softmax and logSoftmax', () => {
  it('have the derivatives of their definition', () => {
    const cases = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      axis: fc.integer({ min: -4, max: 3 }),
      logarithm: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ shape, axis, logarithm }) => {
        fc.pre(axis >= -shape.length && axis < shape.length);
        checkGradient({
          inputs: [uniformTensor(shape, 1, -3, 3)],
          build: (b, [x]) => (logarithm ? logSoftmax : softmax)(b, x!, axis),
        });
      }),
      runs,
    );
  });

  it('does not overflow', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [3], [1000, 1000, -1000]));
    expect(Array.from(numbersOf(b.constantOf(softmax(b, x))!))).toEqual([0.5, 0.5, 0]);
    expect(numbersOf(b.constantOf(logSoftmax(b, x))!)[2]).toBeCloseTo(-2000 - Math.log(2), 3);
  });
});
