import { expect, it } from 'vitest';
import { batchFault } from './batch.ts';

const form = { shape: [3, 2], labelled: false };
const right = { dtype: 'float32', dims: [4, 3, 2], data: new Float32Array(24) };

it('finds nothing wrong with a batch as it should be', () => {
  expect(batchFault({ data: right }, form)).toBeUndefined();
  expect(batchFault({ data: right, labels: Int32Array.of(0, 1, 2, 0) }, { ...form, labelled: true })).toBeUndefined();
});

it.each([
  [undefined, 'nothing where a tensor'],
  [{}, 'nothing where a tensor'],
  [{ data: new Float32Array(24) }, 'samples of type undefined'],
  [{ data: { ...right, dtype: 'float64', data: new Float64Array(24) } }, 'samples of type float64'],
  [{ data: { ...right, data: Array(24).fill(0) } }, 'samples in an Array'],
  [{ data: { ...right, dims: undefined } }, 'dims nothing'],
  [{ data: { ...right, dims: [4.5, 3, 2] } }, 'dims [4.5,3,2]'],
  [{ data: { ...right, dims: [0, 3, 2], data: new Float32Array(0) } }, 'whole numbers from 1'],
  [{ data: { ...right, dims: [4, 2, 3] } }, 'dims [4, 2, 3] where [samples, 3, 2]'],
  [{ data: { ...right, data: new Float32Array(5) } }, '5 values for dims [4, 3, 2], which hold 24'],
])('says what is wrong with %j', (batch, fault) => {
  expect(batchFault(batch, form)).toContain(fault);
});

it.each([
  [undefined, 'labels in nothing'],
  [[0, 1, 2, 0], 'labels in an Array'],
  [new Int32Array(3), '3 labels for 4 samples'],
  [Int32Array.of(0, 1, -1, 0), 'the label -1'],
])('says what is wrong with the labels %j', (labels, fault) => {
  expect(batchFault({ data: right, labels }, { ...form, labelled: true })).toContain(fault);
  expect(batchFault({ data: right, labels }, form)).toBeUndefined();
});
