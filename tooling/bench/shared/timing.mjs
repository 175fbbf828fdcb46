/** The middle of a list of numbers. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/**
 * Times functions in turn, so that all of them meet the same noise.
 *
 * @param {(() => Promise<unknown>)[]} works
 * @returns {Promise<number[][]>} milliseconds of every run of each, the first two runs left out
 */
export async function interleaved(works, rounds) {
  const times = works.map(() => []);
  for (let round = -2; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const start = performance.now();
      await work();
      if (round >= 0) times[i].push(performance.now() - start);
    }
  }
  return times;
}
