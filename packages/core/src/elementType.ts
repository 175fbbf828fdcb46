import { DatafreeError, type DType } from '@datafree/plugin';

/** The number of each element type in ONNX (`TensorProto.DataType`). */
export const elementTypeCodes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
};

const names = new Map(Object.entries(elementTypeCodes).map(([dtype, code]) => [code, dtype as DType]));

/** The element type of a number in `TensorProto.DataType`. @throws `unsupported` for one that has no counterpart */
export function elementTypeOf(code: number): DType {
  const dtype = names.get(code);
  if (dtype === undefined) throw new DatafreeError('unsupported', `Element type ${code} of ONNX is not supported.`);
  return dtype;
}
