import { elementCount } from '@datafree/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrange, layoutOf, splitBatch } from './layout.ts';

describe('layoutOf', () => {
  it('compares the stored shape with the network’s', () => {
    expect(layoutOf([3, 8, 9], [3, 8, 9], 'float32', 'x')).toBe('channels-first');
    expect(layoutOf([8, 9, 3], [3, 8, 9], 'float32', 'x')).toBe('channels-last');
    expect(layoutOf([100, 2], [2, 100], 'float32', 'x')).toBe('channels-last');
    expect(layoutOf([7], [7], 'float32', 'x')).toBe('channels-first');
  });

  it('takes 8-bit samples as channels last where both fit', () => {
    expect(layoutOf([3, 3, 3], [3, 3, 3], 'uint8', 'x')).toBe('channels-last');
    expect(layoutOf([3, 3, 3], [3, 3, 3], 'int8', 'x')).toBe('channels-last');
    expect(layoutOf([3, 3, 3], [3, 3, 3], 'float32', 'x')).toBe('channels-first');
  });

  it('lets one channel be left out', () => {
    expect(layoutOf([49, 10], [1, 49, 10], 'int8', 'x')).toBe('channels-first');
    expect(() => layoutOf([8, 9], [3, 8, 9], 'uint8', 'x')).toThrow(/data-shape|takes/);
  });

  it('says both shapes when none fits', () => {
    const work = () => layoutOf([28, 28, 3], [3, 32, 32], 'uint8', 'f.npy');
    expect(work).toThrow(expect.objectContaining({ code: 'data-shape' }));
    expect(work).toThrow('f.npy: samples have shape [28, 28, 3], but the network takes [3, 32, 32].');
  });
});

describe('splitBatch', () => {
  it('takes the first axis as the number of samples', () => {
    expect(splitBatch([5, 8, 9, 3], [3, 8, 9], 'uint8')).toEqual({ count: 5, stored: [8, 9, 3] });
    expect(splitBatch([5, 49, 10], [1, 49, 10], 'int8')).toEqual({ count: 5, stored: [49, 10] });
  });

  it('takes an array with the shape of one sample as one sample', () => {
    expect(splitBatch([3, 8, 9], [3, 8, 9], 'float32')).toEqual({ count: 1, stored: [3, 8, 9] });
    expect(splitBatch([8, 9, 3], [3, 8, 9], 'float32')).toEqual({ count: 1, stored: [8, 9, 3] });
    expect(splitBatch([49, 10], [1, 49, 10], 'float32')).toEqual({ count: 1, stored: [49, 10] });
  });
});

describe('arrange', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

  it('moves channels to the front and scales each', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 3 }), (shape, count) => {
        const [channels = 1, ...positions] = shape;
        const plane = elementCount(positions);
        const stored = Uint8Array.from({ length: count * channels * plane }, (_, i) => (i * 37) % 256);
        const affine = { scale: shape.map((_, c) => c + 1), offset: shape.map((_, c) => -c) };
        for (let c = shape.length; c < channels; c++) {
          affine.scale.push(2);
          affine.offset.push(3);
        }
        const inputs = arrange(stored, shape, 'channels-last', affine);
        for (let n = 0; n < count; n++) {
          for (let c = 0; c < channels; c++) {
            for (let p = 0; p < plane; p++) {
              const value = stored[(n * plane + p) * channels + c]!;
              expect(inputs[(n * channels + c) * plane + p]).toBe(value * affine.scale[c]! + affine.offset[c]!);
            }
          }
        }
        const first = { scale: new Array(channels).fill(1), offset: new Array(channels).fill(0) };
        expect(Array.from(arrange(stored, shape, 'channels-first', first))).toEqual(Array.from(stored));
      }),
    );
  });
});
