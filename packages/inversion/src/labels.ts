import type { Random } from '@datafree/core';

/** The classes of `count` samples: each class in turn, in an order that is drawn anew for every round. */
export function balancedClasses(classes: number, count: number, random: Random): Int32Array {
  const labels = new Int32Array(count);
  for (let from = 0; from < count; from += classes) {
    const round = random.permutation(classes).subarray(0, count - from);
    labels.set(round, from);
  }
  return labels;
}

/** Rows with 1 in the column of the class and 0 elsewhere: [labels, classes]. */
export function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return rows;
}
