import { elementCount, float32Of } from '@datafree/core';
import { DatafreeError, type Tensor } from '@datafree/plugin';

/** The scores that a network gives to a batch: [samples, classes, …positions]. */
export interface Scores {
  readonly values: Float32Array;
  readonly samples: number;
  readonly classes: number;
  /** Places that are classified: 1, or the pixels of a network that classifies each. */
  readonly positions: number;
}

/** Joins the outputs of consecutive samples. @throws `not-finite`, naming the model */
export function scoresOf(outputs: readonly Tensor[], samples: number, model: string): Scores {
  const [, classes = 1, ...rest] = (outputs[0] as Tensor).dims;
  const positions = elementCount(rest);
  const values = new Float32Array(samples * classes * positions);
  let filled = 0;
  for (const output of outputs) {
    const part = float32Of(output).subarray(0, values.length - filled);
    values.set(part, filled);
    filled += part.length;
  }
  if (!values.every(Number.isFinite)) {
    throw new DatafreeError('not-finite', `${model} gives NaN or infinity.`, {
      path: model,
      hint: 'Look at the preprocessing, or at the network.',
    });
  }
  return { values, samples, classes, positions };
}

/** The class of the highest score at each position of each sample; the first of equal ones. */
export function decisions({ values, samples, classes, positions }: Scores): Int32Array {
  const best = new Int32Array(samples * positions);
  for (let n = 0; n < samples; n++) {
    for (let p = 0; p < positions; p++) {
      const at = (c: number): number => values[(n * classes + c) * positions + p] as number;
      let top = 0;
      for (let c = 1; c < classes; c++) if (at(c) > at(top)) top = c;
      best[n * positions + p] = top;
    }
  }
  return best;
}

/** How many samples have their label among the `k` highest scores; equal scores count in the order of the classes. */
export function hits(scores: Scores, labels: ArrayLike<number>, k: number): number {
  const { values, samples, classes } = scores;
  let count = 0;
  for (let n = 0; n < samples; n++) {
    const row = values.subarray(n * classes, (n + 1) * classes);
    const label = labels[n] as number;
    const own = row[label] as number;
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const score = row[c] as number;
      if (score > own || (score === own && c < label)) before++;
    }
    if (before < k) count++;
  }
  return count;
}

/** Number of equal entries. */
export function equal(a: Int32Array, b: Int32Array): number {
  return a.reduce((sum, value, i) => (value === b[i] ? sum + 1 : sum), 0);
}

/** Sum over the samples of the cosine of the angle between two networks' outputs; 1 where both are zero. */
export function cosines(a: Scores, b: Scores): number {
  const size = a.classes * a.positions;
  let sum = 0;
  for (let n = 0; n < a.samples; n++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = n * size; i < (n + 1) * size; i++) {
      const [x, y] = [a.values[i] as number, b.values[i] as number];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    sum += aa === 0 && bb === 0 ? 1 : ab / Math.sqrt(aa * bb || 1);
  }
  return sum;
}
