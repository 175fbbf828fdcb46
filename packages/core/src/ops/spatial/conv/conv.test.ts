import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int, ints, string } from '../../../graph/attributes.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../../tensor.ts';
import { checkGradient } from '../../../testing/checkGradient.ts';
import { uniformTensor } from '../../../testing/values.ts';
import { conv, convTranspose } from './convNodes.ts';

const axis = fc.record({
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  begin: fc.integer({ min: 0, max: 4 }),
  end: fc.integer({ min: 0, max: 4 }),
  size: fc.integer({ min: 1, max: 7 }),
  outputPadding: fc.integer({ min: 0, max: 2 }),
});
const cases = fc.record({
  axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
  samples: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 3 }),
  depth: fc.integer({ min: 1, max: 2 }),
  filters: fc.integer({ min: 1, max: 2 }),
  constant: fc.constantFrom([], [0], [1]),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const optionsOf = ({ axes, groups }: Case) => ({
  strides: axes.map((a) => a.stride),
  dilations: axes.map((a) => a.dilation),
  pads: [...axes.map((a) => a.begin), ...axes.map((a) => a.end)],
  groups,
});
const constantOf = (b: GraphBuilder, value: Value) => Array.from(numbersOf(b.constantOf(value)!));
const row = (b: GraphBuilder, ...values: number[]) => b.constant(tensorOf('float32', [1, 1, values.length], values));

describe('conv', () => {
  it('has the derivatives of its definition', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const { axes, samples, groups, depth, filters, constant } = c;
        fc.pre(axes.every((a) => a.size + a.begin + a.end > (a.kernel - 1) * a.dilation));
        checkGradient({
          inputs: [
            uniformTensor([samples, groups * depth, ...axes.map((a) => a.size)], 1),
            uniformTensor([groups * filters, depth, ...axes.map((a) => a.kernel)], 2),
            uniformTensor([groups * filters], 3),
          ],
          constant,
          build: (b, [x, w, bias]) => conv(b, x!, w!, bias, optionsOf(c)),
        });
      }),
      { numRuns: 50 },
    );
  });

  it('has no derivatives where all places lie in the padding', () => {
    for (const groups of [1, 2]) {
      checkGradient({
        inputs: [uniformTensor([1, 2, 1], 1), uniformTensor([2, 2 / groups, 1], 2)],
        build: (b, [x, w]) => conv(b, x!, w!, undefined, { strides: [3], pads: [4, 0], groups }),
      });
    }
  });

  it('slides the kernel without flipping it', () => {
    const b = new GraphBuilder();
    const x = row(b, 1, 10, 100, 1000);
    const w = row(b, 1, 2);
    expect(constantOf(b, conv(b, x, w))).toEqual([21, 210, 2100]);
    expect(constantOf(b, conv(b, x, w, undefined, { pads: [1, 0], strides: [2] }))).toEqual([2, 210]);
    expect(constantOf(b, conv(b, x, w, undefined, { dilations: [2] }))).toEqual([201, 2010]);
  });

  it('resolves auto_pad', () => {
    const b = new GraphBuilder();
    const x = row(b, 1, 10, 100);
    const w = row(b, 1, 2);
    const padded = (how: string) => constantOf(b, b.op('Conv', [x, w], { auto_pad: string(how), strides: ints([2]) }));
    expect(padded('SAME_UPPER')).toEqual([21, 100]);
    expect(padded('SAME_LOWER')).toEqual([2, 210]);
    expect(padded('VALID')).toEqual([21]);
  });

  it('has derivatives with automatic padding', () => {
    const automatic = fc.constantFrom('SAME_UPPER', 'SAME_LOWER', 'VALID');
    fc.assert(
      fc.property(cases, automatic, ({ axes, samples, groups, depth, filters, constant }, how) => {
        const room = axes.map((a) => a.size - (a.kernel - 1) * a.dilation);
        fc.pre(how !== 'VALID' || room.every((starts) => starts > 0));
        checkGradient({
          inputs: [
            uniformTensor([samples, groups * depth, ...axes.map((a) => a.size)], 1),
            uniformTensor([groups * filters, depth, ...axes.map((a) => a.kernel)], 2),
          ],
          constant,
          build: (b, inputs) => {
            const y = b.op('Conv', inputs, {
              auto_pad: string(how),
              strides: ints(axes.map((a) => a.stride)),
              dilations: ints(axes.map((a) => a.dilation)),
              group: int(groups),
            });
            const starts = axes.map((a, i) => (how === 'VALID' ? room[i]! : a.size));
            expect(y.shape.slice(2)).toEqual(starts.map((count, i) => Math.ceil(count / axes[i]!.stride)));
            return y;
          },
        });
      }),
      { numRuns: 50 },
    );
  });

  it('names what does not fit', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 3, 5]);
    const w = b.input('w', 'float32', [4, 2, 3]);
    const bias = b.input('bias', 'float32', [3]);
    const wide = b.input('wide', 'float32', [4, 3, 3]);
    expect(() => conv(b, x, w)).toThrow('3 input channels do not fit weights [4,2,3] in 1 group');
    expect(() => conv(b, x, wide, bias)).toThrow('one value for each of 4 channels');
    expect(() => b.op('Conv', [x, wide], { kernel_shape: ints([2]) })).toThrow('kernel_shape is [2]');
    expect(() => conv(b, x, wide, undefined, { pads: [-1, 0] })).toThrow('pads is [-1,0]');
  });
});

describe('convTranspose', () => {
  it('has the derivatives of its definition', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const { axes, samples, groups, depth, filters, constant } = c;
        const outputPadding = axes.map((a) => Math.min(a.outputPadding, Math.max(a.stride, a.dilation) - 1));
        const reached = axes.map(
          (a, i) => (a.size - 1) * a.stride + (a.kernel - 1) * a.dilation + 1 + outputPadding[i]! - a.begin - a.end,
        );
        fc.pre(reached.every((size) => size >= 1));
        checkGradient({
          inputs: [
            uniformTensor([samples, groups * depth, ...axes.map((a) => a.size)], 1),
            uniformTensor([groups * depth, filters, ...axes.map((a) => a.kernel)], 2),
            uniformTensor([groups * filters], 3),
          ],
          constant,
          build: (b, [x, w, bias]) => convTranspose(b, x!, w!, bias, { ...optionsOf(c), outputPadding }),
        });
      }),
      { numRuns: 50 },
    );
  });

  it('has no derivatives where all that is left lies beyond what it was made of', () => {
    checkGradient({
      inputs: [uniformTensor([1, 1, 1], 1), uniformTensor([1, 1, 3], 2)],
      build: (b, [x, w]) => convTranspose(b, x!, w!, undefined, { strides: [3], pads: [4, 0], outputPadding: [2] }),
    });
  });

  it('has derivatives with automatic padding and a given output shape', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('NOTSET', 'SAME_UPPER', 'SAME_LOWER'),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.option(fc.integer({ min: 0, max: 3 })),
        (automatic, kernel, stride, cut) => {
          const full = 2 * stride + kernel;
          fc.pre(cut === null || full - cut >= 1);
          checkGradient({
            inputs: [uniformTensor([1, 2, 3], 1), uniformTensor([2, 1, kernel], 2)],
            build: (b, inputs) =>
              b.op('ConvTranspose', inputs, {
                auto_pad: string(automatic),
                strides: ints([stride]),
                ...(cut === null ? {} : { output_shape: ints([full - cut]) }),
              }),
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  // Values of onnxruntime 1.30.
  it('places padding as onnxruntime does', () => {
    const b = new GraphBuilder();
    const x = row(b, 1, 10);
    const transposed = (w: Value, attributes: Record<string, ReturnType<typeof ints>>) =>
      constantOf(b, b.op('ConvTranspose', [x, w], { strides: ints([2]), ...attributes }));
    const two = row(b, 1, 2);
    const three = row(b, 1, 2, 4);
    expect(transposed(two, {})).toEqual([1, 2, 10, 20]);
    expect(transposed(two, { output_shape: ints([3]) })).toEqual([2, 10, 20]);
    expect(transposed(two, { output_shape: ints([3]), auto_pad: string('SAME_UPPER') })).toEqual([1, 2, 10]);
    expect(transposed(three, { auto_pad: string('SAME_UPPER') })).toEqual([1, 2, 14, 20]);
    expect(transposed(three, { auto_pad: string('SAME_LOWER') })).toEqual([2, 14, 20, 40]);
    expect(transposed(row(b, 1), { auto_pad: string('SAME_UPPER') })).toEqual([1, 0, 10]);
  });

  it('refuses what it cannot place', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 1, 2]);
    const w = b.input('w', 'float32', [1, 1, 2]);
    expect(() => convTranspose(b, x, w, undefined, { outputPadding: [1] })).toThrow('output_padding [1]');
    expect(() => convTranspose(b, x, w, undefined, { pads: [2, 2] })).toThrow('the output would be [-1]');
    expect(() => b.op('ConvTranspose', [x, w], { output_shape: ints([9]) })).toThrow('larger than the [3]');
    expect(() => b.op('ConvTranspose', [x, w], { group: int(2) })).toThrow('in 2 groups');
  });
});
