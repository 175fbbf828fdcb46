import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedType, toInput, toStored } from './grid.ts';
import { affineOf, gridOf, type Preprocess, preprocessNames } from './preprocess.ts';

const apply = (preprocess: Preprocess, value: number, stored: 'uint8' | 'int8', channel = 0): number => {
  const { scale, offset } = affineOf(preprocess, 3, stored);
  return scale[channel]! * value + offset[channel]!;
};

describe('affineOf', () => {
  it('maps bytes as each preset says', () => {
    expect(apply('unit', 255, 'uint8')).toBeCloseTo(1, 12);
    expect(apply('signed', 0, 'uint8')).toBe(-1);
    expect(apply('signed', 255, 'uint8')).toBeCloseTo(1, 12);
    expect(apply('byte', 77, 'uint8')).toBeCloseTo(77, 12);
    expect(apply('none', 77, 'uint8')).toBe(77);
    expect(apply('imagenet', 128, 'uint8', 2)).toBeCloseTo((128 / 255 - 0.406) / 0.225, 12);
  });

  it('counts int8 pixels from −128, but takes them as they are with none', () => {
    for (const preprocess of ['unit', 'signed', 'byte', 'imagenet'] as const) {
      expect(apply(preprocess, -128, 'int8', 1)).toBeCloseTo(apply(preprocess, 0, 'uint8', 1), 12);
      expect(apply(preprocess, 127, 'int8', 1)).toBeCloseTo(apply(preprocess, 255, 'uint8', 1), 12);
    }
    expect(apply('none', -5, 'int8')).toBe(-5);
  });

  it('normalises by a mean, deviation and range of one’s own', () => {
    const own = { mean: [1, 2, 3], std: 4, range: [-10, 10] } as const;
    expect(apply(own, 51, 'uint8', 1)).toBeCloseTo((-10 + (20 * 51) / 255 - 2) / 4, 12);
    expect(apply({ range: [0, 2] }, 255, 'uint8')).toBeCloseTo(2, 12);
  });

  it('dequantises', () => {
    expect(apply({ scale: 0.5, zeroPoint: 83 }, 85, 'int8')).toBe(1);
    expect(apply({ scale: 0.5, zeroPoint: 83 }, 85, 'uint8')).toBe(1);
  });
});

describe('gridOf', () => {
  it('bounds bytes, dequantised values and floats', () => {
    expect(gridOf('byte', 2)).toEqual({ scale: [1, 1], offset: [0, 0], low: 0, high: 255, whole: true });
    expect(gridOf({ scale: 2, zeroPoint: 3 }, 1)).toEqual({
      scale: [2],
      offset: [-6],
      low: -128,
      high: 127,
      whole: true,
    });
    expect(gridOf({ scale: 2, zeroPoint: 3, stored: 'uint8' }, 1)).toMatchObject({ low: 0, high: 255 });
    expect(gridOf({ bounds: [-3, 4] }, 1)).toEqual({ scale: [1], offset: [0], low: -3, high: 4, whole: false });
    expect(gridOf('none', 3)).toBeUndefined();
  });

  it.each([
    ['imagenet' as const, 1, 'mean'],
    [{ mean: [1, 2] }, 3, 'mean'],
    [{ mean: Number.NaN }, 3, 'mean'],
    [{ std: 0 }, 3, 'std'],
    [{ std: [1, -1, 1] }, 3, 'std'],
    [{ range: [1, 1] as const }, 3, 'range'],
    [{ scale: 0, zeroPoint: 0 }, 1, 'scale'],
    [{ bounds: [2, 1] as const }, 1, 'bounds'],
    ['pixels' as never, 3, 'preprocess'],
  ])('refuses %j for %d channels', (preprocess, channels, path) => {
    expect(() => gridOf(preprocess, channels)).toThrow(expect.objectContaining({ code: 'option-invalid', path }));
  });

  it('stores in 8 bits what fits', () => {
    expect(storedType(gridOf('imagenet', 3)!)).toBe('uint8');
    expect(storedType(gridOf({ scale: 1, zeroPoint: 0 }, 1)!)).toBe('int8');
    expect(storedType(gridOf({ bounds: [0, 1] }, 1)!)).toBeUndefined();
    expect(storedType({ scale: [1], offset: [0], low: -200, high: 127, whole: true })).toBeUndefined();
  });
});

describe('toStored', () => {
  const presets = fc.constantFrom<Preprocess>(
    ...preprocessNames.filter((name) => name !== 'none'),
    { mean: [1, -2, 0.1], std: [0.01, 3, 7], range: [-1, 2] },
    { scale: 0.5847029089927673, zeroPoint: 83 },
  );

  it('undoes toInput for every value of the grid', () => {
    fc.assert(
      fc.property(presets, fc.array(fc.nat(255), { minLength: 12, maxLength: 12 }), (preprocess, values) => {
        const grid = gridOf(preprocess, 3)!;
        const stored = Float32Array.from(values, (value) => value + grid.low);
        expect(toStored(grid, toInput(grid, stored, [3, 2, 1]), [3, 2, 1])).toEqual(stored);
      }),
    );
  });

  it('rounds to the nearest value and keeps within the bounds', () => {
    fc.assert(
      fc.property(presets, fc.double({ min: -500, max: 500, noNaN: true }), (preprocess, value) => {
        const grid = gridOf(preprocess, 3)!;
        const input = Float32Array.of(value, value, value);
        const stored = toStored(grid, input, [3]);
        stored.forEach((q, c) => {
          expect(Number.isInteger(q) && q >= grid.low && q <= grid.high).toBe(true);
          const exact = (input[c]! - grid.offset[c]!) / grid.scale[c]!;
          if (exact >= grid.low && exact <= grid.high) expect(Math.abs(q - exact)).toBeLessThanOrEqual(0.5);
        });
      }),
    );
  });

  it('keeps fractions where the grid is not whole, and takes one entry for all channels', () => {
    const grid = { scale: [2], offset: [1], low: -1, high: 1, whole: false };
    expect(toStored(grid, [2, 1, 9], [3])).toEqual(Float32Array.of(0.5, 0, 1));
    expect(toInput(grid, [0.5, 0], [2])).toEqual(Float32Array.of(2, 1));
  });
});
