import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float, int, ints, string } from '../../../graph/attributes.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { numbersOf, tensorOf } from '../../../tensor.ts';
import { checkGradient } from '../../../testing/checkGradient.ts';
import { uniformTensor } from '../../../testing/values.ts';
import { type ResizeOptions, resize } from './resizeNode.ts';

const coordinates = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
] as const;

describe('resize', () => {
  it('has the transposed interpolation as derivative', () => {
    const options = fc.record({
      mode: fc.constantFrom('nearest' as const, 'linear' as const, 'cubic' as const),
      coordinates: fc.constantFrom(...coordinates),
      nearest: fc.constantFrom(
        'round_prefer_floor' as const,
        'round_prefer_ceil' as const,
        'floor' as const,
        'ceil' as const,
      ),
      excludeOutside: fc.boolean(),
      antialias: fc.boolean(),
    });
    const axes = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 5 }), scale: fc.constantFrom(0.6, 1, 1.7, 2, 3) }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(options, axes, fc.boolean(), (rule, list, bySize) => {
        const shape = [2, 1, ...list.map((a) => a.size)];
        const scales = [1, 1, ...list.map((a) => Math.max(a.scale, 1 / a.size))];
        const sizes = shape.map((size, i) => Math.max(1, Math.floor(size * scales[i]!)));
        checkGradient({
          inputs: [uniformTensor(shape)],
          build: (b, [x]) => resize(b, x!, { ...rule, ...(bySize ? { sizes } : { scales }) }),
        });
      }),
      { numRuns: 60 },
    );
  });

  const grid = tensorOf(
    'float32',
    [1, 1, 4, 5],
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  const resized = (options: ResizeOptions) => {
    const b = new GraphBuilder();
    return Array.from(numbersOf(b.constantOf(resize(b, b.constant(grid), options))!));
  };

  // Values of onnxruntime 1.30 (six decimals of the first row, or the whole).
  it.each([
    ['nearest', 'half_pixel', [1, 3, 5, 11, 13, 15]],
    ['nearest', 'half_pixel_symmetric', [6, 8, 10, 11, 13, 15]],
    ['nearest', 'align_corners', [1, 3, 5, 16, 18, 20]],
    ['nearest', 'asymmetric', [1, 3, 4, 11, 13, 14]],
    ['linear', 'half_pixel', [3, 4.6667, 6.3333, 11.3333, 13, 14.6667]],
    ['linear', 'half_pixel_symmetric', [4.6667, 6.3333, 8, 13, 14.6667, 16.3333]],
    ['linear', 'pytorch_half_pixel', [3, 4.6667, 6.3333, 11.3333, 13, 14.6667]],
    ['linear', 'asymmetric', [1, 2.6667, 4.3333, 9.3333, 11, 12.6667]],
    ['cubic', 'half_pixel', [2.5556, 4.2963, 6.037, 11.2593, 13, 14.7407]],
    ['cubic', 'half_pixel_symmetric', [4.1296, 5.8704, 7.6111, 13.3889, 15.1296, 16.8704]],
    ['cubic', 'asymmetric', [1, 2.6296, 4.4259, 9.1481, 10.7778, 12.5741]],
  ] as const)('shrinks as onnxruntime: %s, %s', (mode, how, expected) => {
    const values = resized({ mode, coordinates: how, scales: [1, 1, 0.6, 0.6] });
    expect(values).toHaveLength(expected.length);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 3);
    });
  });

  it.each([
    ['nearest', 'half_pixel', [1, 2, 2, 3, 4, 5]],
    ['nearest', 'half_pixel_symmetric', [1, 2, 3, 3, 4, 5]],
    ['nearest', 'align_corners', [1, 2, 3, 3, 4, 5]],
    ['linear', 'half_pixel', [1, 1.6538, 2.4231, 3.1923, 3.9615, 4.7308]],
    ['linear', 'half_pixel_symmetric', [1.224, 1.9932, 2.7624, 3.5317, 4.3009, 5.0701]],
    ['linear', 'align_corners', [1, 1.8, 2.6, 3.4, 4.2, 5]],
    ['cubic', 'half_pixel', [0.4454, 1.0734, 1.955, 2.7532, 3.4576, 4.3063]],
    ['cubic', 'align_corners', [1, 1.728, 2.576, 3.424, 4.272, 5]],
    ['cubic', 'asymmetric', [1, 1.6907, 2.5289, 3.3487, 4.1111, 4.8837]],
  ] as const)('grows as onnxruntime: %s, %s', (mode, how, firstRow) => {
    const values = resized({ mode, coordinates: how, scales: [1, 1, 1.7, 1.3] });
    expect(values).toHaveLength(36);
    firstRow.forEach((expected, i) => {
      expect(values[i]).toBeCloseTo(expected, 3);
    });
  });

  it('widens its filter with antialias', () => {
    const b = new GraphBuilder();
    const x = b.constant(
      tensorOf(
        'float32',
        [1, 1, 4, 4],
        Array.from({ length: 16 }, (_, i) => i + 1),
      ),
    );
    const y = resize(b, x, { sizes: [1, 1, 2, 2], mode: 'linear', antialias: true });
    expect(Array.from(numbersOf(b.constantOf(y)!))).toEqual([4.125, 5.875, 11.125, 12.875]);
  });

  it('takes axes and keeps the aspect ratio', () => {
    const b = new GraphBuilder();
    const x = b.constant(
      tensorOf(
        'float32',
        [1, 1, 4, 4],
        Array.from({ length: 16 }, (_, i) => i + 1),
      ),
    );
    const y = b.op('Resize', [x, undefined, undefined, b.int64([2, 3])], {
      mode: string('linear'),
      axes: ints([2, 3]),
      keep_aspect_ratio_policy: string('not_larger'),
      cubic_coeff_a: float(-0.5),
      exclude_outside: int(0),
    });
    expect(Array.from(numbersOf(b.constantOf(y)!))).toEqual([3.5, 5.5, 11.5, 13.5]);
  });

  it('refuses what it cannot do', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 1, 4]);
    expect(() => resize(b, x, { scales: [1, 1, 2], sizes: [1, 1, 8] })).toThrow('either scales or sizes');
    expect(() => resize(b, x, { scales: [1, 1, 0.1] })).toThrow('would be resized to 0');
    expect(() =>
      b.op('Resize', [x, undefined, undefined, b.int64([1, 1, 8])], {
        coordinate_transformation_mode: string('tf_crop_and_resize'),
      }),
    ).toThrow('"tf_crop_and_resize" is not supported');
  });
});
