import { roundHalfEven } from '@datafree/core';

/** A bias as 32-bit whole numbers of the step `inputScale · weightScale`, the step of the accumulator it starts. */
export interface QuantizedBias {
  readonly codes: Int32Array;
  readonly scales: Float32Array;
}

/** Leaves the accumulator room for the products beside the bias. */
const largestCode = 2 ** 30;

/**
 * The smallest weight scale of each channel with which its bias still fits an int32 accumulator. Channels whose
 * weights are all but zero (a dead gamma of BatchNormalization) would otherwise overflow.
 */
export function smallestWeightScales(bias: ArrayLike<number>, inputScale: number): Float64Array {
  return Float64Array.from(bias, (value) => Math.abs(value) / (inputScale * largestCode));
}

/**
 * Quantises a bias. Its scale is the product of two float32 scales, rounded to float32: onnxruntime runs the layer in
 * float when it is another one.
 *
 * @param weightScales one for each channel, or one for all
 */
export function quantizeBias(bias: ArrayLike<number>, inputScale: number, weightScales: Float32Array): QuantizedBias {
  const scales = weightScales.map((scale) => Math.fround(Math.fround(inputScale) * scale));
  const codes = Int32Array.from(bias, (value, channel) => {
    const scale = scales[scales.length === 1 ? 0 : channel] as number;
    return Math.min(largestCode, Math.max(-largestCode, roundHalfEven(value / scale)));
  });
  return { codes, scales };
}
