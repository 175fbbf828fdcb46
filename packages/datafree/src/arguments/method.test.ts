import { prepareModel } from '@datafree/onnx';
import { expect, test } from 'vitest';
import { network } from '../testing/models.ts';
import { countFor } from './method.ts';

const model = prepareModel(network(), { hash: 'small' });

test('samples are counted in all, or by class', () => {
  expect(countFor({}, model)).toBe(256);
  expect(countFor({ samples: 7 }, model)).toBe(7);
  expect(countFor({ samplesPerClass: 7 }, model)).toBe(35);
  expect(() => countFor({ samples: 7, samplesPerClass: 7 }, model)).toThrow(
    expect.objectContaining({ code: 'option-invalid', path: 'samples-per-class' }),
  );
});

test('a network without classes has none to count by', () => {
  const map = { ...model, output: { ...model.output, shape: ['N', 5, 4, 4] } };
  expect(() => countFor({ samplesPerClass: 7 }, map)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  expect(countFor({ samples: 7 }, map)).toBe(7);
});
