/**
 * The Kullback–Leibler divergence of rows of classes from others, summed over the rows.
 *
 * @param logits rows of `classes` logits, one after the other
 * @param others as many
 */
export function classDivergence(logits: Float32Array, others: Float32Array, classes: number): number {
  let sum = 0;
  for (let at = 0; at < logits.length; at += classes) {
    const wanted = logSoftmax(logits.subarray(at, at + classes));
    const found = logSoftmax(others.subarray(at, at + classes));
    for (let k = 0; k < classes; k++) {
      sum += Math.exp(wanted[k] as number) * ((wanted[k] as number) - (found[k] as number));
    }
  }
  return sum;
}

function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return Float64Array.from(logits, (value) => value - largest - Math.log(sum));
}
