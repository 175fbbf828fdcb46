/** `samples` samples, each channel constant. */
export function constantField(values: readonly number[], shape: readonly number[], samples: number): Float32Array {
  const [channels = 1, ...size] = shape;
  const inner = size.reduce((product, length) => product * length, 1);
  const field = new Float32Array(samples * channels * inner);
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < channels; c++) {
      const from = (n * channels + c) * inner;
      field.fill(values[c] as number, from, from + inner);
    }
  }
  return field;
}
