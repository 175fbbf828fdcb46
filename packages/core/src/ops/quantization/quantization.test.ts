import type { DType, Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, elementTypeCodes } from '../../index.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapesWithAxis } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { dequantizeLinear } from './dequantizeLinear.ts';
import { integerRange } from './integerRange.ts';
import { quantizeLinear } from './quantizeLinear.ts';

const data = (tensor: Tensor) => Array.from(numbersOf(tensor));
const dtypes: readonly DType[] = ['int4', 'uint4', 'int8', 'uint8', 'int16', 'uint16'];

/** A shape, an axis and a dtype, with a scale and a zero point for each entry of the axis. */
const perAxis = fc
  .record({ place: shapesWithAxis(), dtype: fc.constantFrom(...dtypes), seed: seeds, whole: fc.boolean() })
  .map(({ place: { shape, axis }, dtype, seed, whole }) => {
    const channels = whole ? [] : [shape.at(axis)!];
    const [low, high] = integerRange(dtype);
    const zeros = uniformTensor(channels, seed + 1, low, high).data.map(Math.trunc);
    return {
      shape,
      axis,
      dtype,
      seed,
      scale: uniformTensor(channels, seed + 2, 0.01, 0.1),
      zeroPoint: tensorOf(dtype, channels, zeros),
    };
  });

/** The entry of the axis that each element of a shape belongs to. */
function channelOf(shape: readonly number[], axis: number, i: number): number {
  const at = axis < 0 ? axis + shape.length : axis;
  return Math.floor(i / elementCount(shape.slice(at + 1))) % shape[at]!;
}

describe('QuantizeLinear and DequantizeLinear', () => {
  it('come back within half a step inside the range, and saturate outside', () => {
    fc.assert(
      fc.property(perAxis, ({ shape, axis, dtype, seed, scale, zeroPoint }) => {
        const x = uniformTensor(shape, seed, -2, 2);
        const along = scale.dims.length === 0 ? undefined : axis;
        const [integers, back] = run([x, scale, zeroPoint], (b, [value, s, z]) => {
          const quantized = quantizeLinear(b, value!, s!, z!, along);
          return [quantized, dequantizeLinear(b, quantized, s!, z, along)];
        });
        const [low, high] = integerRange(dtype);
        expect(integers!.dtype).toBe(dtype);
        const found = data(integers!);
        x.data.forEach((value, i) => {
          const channel = along === undefined ? 0 : channelOf(shape, axis, i);
          const step = scale.data[channel]!;
          const zero = numbersOf(zeroPoint)[channel]!;
          const exact = value / step + zero;
          if (exact <= low) expect(found[i]).toBe(low);
          else if (exact >= high) expect(found[i]).toBe(high);
          else expect(Math.abs(found[i]! - exact)).toBeLessThan(0.5 + 1e-3);
          expect(data(back!)[i]).toBeCloseTo((found[i]! - zero) * step, 4);
        });
      }),
      { numRuns: 80 },
    );
  });

  it('rounds a half to the even number', () => {
    const x = tensorOf('float32', [6], [0.5, 1.5, 2.5, -0.5, -1.5, -2.5]);
    const [y] = run([x], (b, [value]) => quantizeLinear(b, value!, b.scalar(1), b.scalar(0, 'int8')));
    expect(data(y!).map((value) => value + 0)).toEqual([0, 2, 2, 0, -2, -2]);
  });

  it('divides in single precision, as runtimes do', () => {
    // In double precision the quotient lies just above a half; in single precision it is the half.
    const x = Math.fround(0.35);
    const scale = Math.fround(0.1);
    expect(x / scale).not.toBe(3.5);
    expect(Math.fround(x / scale)).toBe(3.5);
    const [y] = run([tensorOf('float32', [1], [x])], (b, [value]) =>
      quantizeLinear(b, value!, b.scalar(scale), b.scalar(0, 'uint8')),
    );
    expect(data(y!)).toEqual([4]);
  });

  it('take their type from the zero point, from output_dtype, or are uint8', () => {
    const x = uniformTensor([2]);
    const typeOf = (zeroPoint: DType | undefined, code: number) =>
      run([x], (b, [value]) =>
        b.op(
          'QuantizeLinear',
          [value, b.scalar(1), ...(zeroPoint === undefined ? [] : [b.scalar(0, zeroPoint)])],
          code === 0 ? {} : { output_dtype: attribute.int(code) },
        ),
      )[0]!.dtype;
    expect(typeOf(undefined, 0)).toBe('uint8');
    expect(typeOf(undefined, elementTypeCodes.int4)).toBe('int4');
    expect(typeOf('int16', 0)).toBe('int16');
    expect(() => typeOf('int8', elementTypeCodes.uint8)).toThrow(/differ/);
    expect(() => typeOf(undefined, elementTypeCodes.float32)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('dequantises a bias of int32', () => {
    const bias = tensorOf('int32', [2], [100000, -7]);
    const [y] = run([bias], (b, [value]) =>
      dequantizeLinear(b, value!, b.constant(tensorOf('float32', [2], [0.5, 2])), undefined, 0),
    );
    expect(data(y!)).toEqual([50000, -14]);
  });

  it('refuse scales that do not fit, and blocks', () => {
    const x = uniformTensor([2, 3]);
    const quantized =
      (scale: Tensor, attributes = {}) =>
      () =>
        run([x, scale], (b, [value, s]) => b.op('QuantizeLinear', [value, s], attributes));
    expect(quantized(uniformTensor([2], 1, 0.1, 1))).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
    expect(quantized(uniformTensor([3], 1, 0.1, 1), { block_size: attribute.int(2) })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });

  it('let no derivative through: it is zero almost everywhere', () => {
    checkGradient({
      inputs: [uniformTensor([3])],
      build: (b, [x]) => dequantizeLinear(b, quantizeLinear(b, x!, b.scalar(0.1), b.scalar(0, 'int8')), b.scalar(0.1)),
    });
  });
});

describe('DynamicQuantizeLinear', () => {
  it('covers the range of the values and zero', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom([-1, 2], [0.5, 3], [-3, -0.5]), (seed, [low, high]) => {
        const x = uniformTensor([20], seed, low, high);
        const [y, scale, zeroPoint] = run([x], (b, [value]) =>
          b.apply('DynamicQuantizeLinear', [value], { outputs: 3 }),
        );
        const step = data(scale!)[0]!;
        expect(step * 255).toBeCloseTo(Math.max(0, ...x.data) - Math.min(0, ...x.data), 4);
        x.data.forEach((value, i) => {
          expect(Math.abs((data(y!)[i]! - data(zeroPoint!)[0]!) * step - value)).toBeLessThan(step * 1.001);
        });
      }),
    );
  });

  it('takes nothing but zeros', () => {
    const [y, , zeroPoint] = run([tensorOf('float32', [2], [0, 0])], (b, [x]) =>
      b.apply('DynamicQuantizeLinear', [x], { outputs: 3 }),
    );
    expect([data(y!), data(zeroPoint!)]).toEqual([[0, 0], [0]]);
  });
});
