import { gridOf } from '@datafree/data';
import { expect, test } from 'vitest';
import { preprocessOf } from './input.ts';

test('says nothing when nothing is given', () => {
  expect(preprocessOf({})).toBeUndefined();
});

test('presets, own numbers, features', () => {
  expect(preprocessOf({ preprocess: 'imagenet' })).toBe('imagenet');
  expect(preprocessOf({ mean: [0.5], std: [0.1, 0.2, 0.3] })).toEqual({ mean: 0.5, std: [0.1, 0.2, 0.3] });
  expect(preprocessOf({ range: [-1, 1] })).toEqual({ range: [-1, 1] });
  expect(preprocessOf({ dequantize: [0.5, 83] })).toEqual({ scale: 0.5, zeroPoint: 83 });
  expect(preprocessOf({ bounds: [-10, 10] })).toEqual({ bounds: [-10, 10] });
});

test('the range alone means the same as the preset', () => {
  expect(gridOf(preprocessOf({ range: [-1, 1] })!, 3)).toEqual(gridOf('signed', 3));
});

test('two ways at once are refused', () => {
  expect(() => preprocessOf({ preprocess: 'unit', mean: [1] })).toThrowError(
    expect.objectContaining({
      code: 'option-invalid',
      message: 'Only one of --preprocess and --mean, --std and --range can be given.',
    }),
  );
  expect(() => preprocessOf({ bounds: [0, 1], dequantize: [1, 0] })).toThrow('--dequantize and --bounds');
});
