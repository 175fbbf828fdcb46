import { attribute } from '@datafree/core';
import { type CaseInput, given, type OperatorCase, real, whole } from './case.ts';

const { int } = attribute;

// TensorProto.DataType of the targets of a Cast.
const codes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float64: 11 } as const;

const steps = (...values: number[]): CaseInput => given('float32', [values.length], values);

/** Cases of operators between numbers and their quantised forms, and of Cast. */
export const quantizationCases: readonly OperatorCase[] = [
  {
    op: 'QuantizeLinear',
    title: 'uint8, one scale',
    inputs: [real([2, 3, 4], -1, 3), given('float32', [], [0.0137]), given('uint8', [], [64])],
  },
  {
    op: 'QuantizeLinear',
    title: 'uint8, saturating',
    inputs: [real([2, 9], -9, 9), given('float32', [], [0.0371]), given('uint8', [], [100])],
  },
  { op: 'QuantizeLinear', title: 'no zero point', inputs: [real([2, 9], 0, 3), given('float32', [], [0.0137])] },
  {
    op: 'QuantizeLinear',
    title: 'int8, one scale a channel',
    inputs: [real([3, 2, 4]), steps(0.013, 0.017, 0.011), given('int8', [3], [0, 0, 0])],
    attributes: { axis: int(0) },
  },
  {
    op: 'QuantizeLinear',
    title: 'int8, axis 1',
    inputs: [real([2, 3, 4]), steps(0.013, 0.017, 0.011), given('int8', [3], [0, 3, -5])],
  },
  {
    op: 'DequantizeLinear',
    title: 'uint8, one scale',
    inputs: [whole('uint8', [2, 3, 4], 0, 256), given('float32', [], [0.0137]), given('uint8', [], [64])],
  },
  {
    op: 'DequantizeLinear',
    title: 'int8, one scale a channel',
    inputs: [whole('int8', [3, 2, 4], -128, 128), steps(0.013, 0.017, 0.011), given('int8', [3], [0, 0, 0])],
    attributes: { axis: int(0) },
  },
  {
    op: 'DequantizeLinear',
    title: 'int32, a bias',
    inputs: [whole('int32', [3], -5000, 5000), steps(0.0013, 0.0017, 0.0011)],
    attributes: { axis: int(0) },
  },
  {
    op: 'DequantizeLinear',
    title: 'axis 1',
    inputs: [whole('int8', [2, 3, 4], -128, 128), steps(0.013, 0.017, 0.011), given('int8', [3], [0, 3, -5])],
  },
  {
    op: 'Cast',
    title: 'float32 to int32, towards zero',
    inputs: [real([2, 9], -9, 9)],
    attributes: { to: int(codes.int32) },
  },
  { op: 'Cast', title: 'float32 to int64', inputs: [real([2, 9], -9, 9)], attributes: { to: int(codes.int64) } },
  {
    op: 'Cast',
    title: 'float32 to bool',
    inputs: [given('float32', [4], [0, 1, -0.5, 0])],
    attributes: { to: int(codes.bool) },
  },
  {
    op: 'Cast',
    title: 'int64 to float32',
    inputs: [whole('int64', [2, 3], -9, 9)],
    attributes: { to: int(codes.float32) },
  },
  {
    op: 'Cast',
    title: 'bool to float32',
    inputs: [whole('bool', [2, 3], 0, 2)],
    attributes: { to: int(codes.float32) },
  },
  {
    op: 'Cast',
    title: 'uint8 to float32',
    inputs: [whole('uint8', [2, 3], 0, 256)],
    attributes: { to: int(codes.float32) },
  },
  { op: 'Cast', title: 'float32 to uint8', inputs: [real([2, 3], 0, 255)], attributes: { to: int(codes.uint8) } },
  { op: 'CastLike', title: 'int64 to float32', inputs: [whole('int64', [2, 3], -9, 9), real([1])] },
  { op: 'CastLike', title: 'float32 to float32', inputs: [real([2, 3]), real([1])] },
  { op: 'DynamicQuantizeLinear', title: 'both signs', inputs: [real([3, 7], -1, 3)], outputs: 3 },
  { op: 'DynamicQuantizeLinear', title: 'positive values', inputs: [real([3, 7], 1, 3)], outputs: 3 },
  { op: 'Cast', title: 'float32 to itself', inputs: [real([2, 3])], attributes: { to: int(codes.float32) } },
];
