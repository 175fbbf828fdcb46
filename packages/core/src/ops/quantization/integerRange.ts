import { DatafreeError, type DType } from '@datafree/plugin';

const ranges: Partial<Record<DType, readonly [number, number]>> = {
  int4: [-8, 7],
  uint4: [0, 15],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** The smallest and the largest value of an integer type that quantisation knows. @throws `unsupported` */
export function integerRange(dtype: DType): readonly [low: number, high: number] {
  const range = ranges[dtype];
  if (range === undefined) throw new DatafreeError('unsupported', `Values cannot be quantised to ${dtype}.`);
  return range;
}
