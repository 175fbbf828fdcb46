import type { Random } from '@datafree/core';
import { type Probe, probeSamples } from './probe.ts';

/** Input channels that {@link linearResponse} can tell apart. */
export const mostChannels = probeSamples - 4;

/** How channel means at a BatchNormalization follow from channel means of the input: `constant + rows · means`. */
export interface LinearResponse {
  readonly rows: readonly Float64Array[];
  readonly constant: Float64Array;
}

/** Response of the channel means at the site to a constant 1 in each input channel; undefined where it is not linear. */
export async function linearResponse(
  probe: Probe,
  shape: readonly number[],
  random: Random,
): Promise<LinearResponse | undefined> {
  const [channels = 1, ...size] = shape;
  const inner = size.reduce((product, length) => product * length, 1);
  const input = new Float32Array(probeSamples * channels * inner);
  const fill = (sample: number, channel: number, value: number) => {
    const from = (sample * channels + channel) * inner;
    input.fill(value, from, from + inner);
  };
  // Sample 0 is zero, 1 … C one channel at 1, then two random ones and their sum.
  for (let c = 0; c < channels; c++) fill(1 + c, c, 1);
  const trials = [channels + 1, channels + 2, channels + 3] as const;
  for (let i = 0; i < channels * inner; i++) {
    const first = random.uniform(-1, 1);
    const second = random.uniform(-1, 1);
    input[trials[0] * channels * inner + i] = first;
    input[trials[1] * channels * inner + i] = second;
    input[trials[2] * channels * inner + i] = first + second;
  }
  const { mean: means } = await probe.run(input);
  const outputs = means.length / probeSamples;
  const at = (sample: number, output: number) => means[sample * outputs + output] as number;
  const rows: Float64Array[] = [];
  const constant = new Float64Array(outputs);
  let largest = 0;
  let worst = 0;
  for (let o = 0; o < outputs; o++) {
    constant[o] = at(0, o);
    rows.push(Float64Array.from({ length: channels }, (_, c) => at(1 + c, o) - at(0, o)));
    const sum = at(trials[0], o) + at(trials[1], o) - at(0, o);
    largest = Math.max(largest, Math.abs(at(trials[0], o)), Math.abs(at(trials[1], o)), Math.abs(at(0, o)));
    worst = Math.max(worst, Math.abs(sum - at(trials[2], o)));
  }
  return worst <= 1e-3 * largest ? { rows, constant } : undefined;
}
