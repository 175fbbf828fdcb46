import type { Graph } from '@datafree/plugin';

/** Two sizes for each free dimension: what comes out the same for both does not depend on it. */
export function trialSizes(graph: Graph): [Record<string, number>, Record<string, number>] {
  const first: Record<string, number> = {};
  const second: Record<string, number> = {};
  for (const { shape } of graph.inputs) {
    shape.forEach((dim, axis) => {
      if (typeof dim === 'number' || dim in first) return;
      // Batches are small, images must survive the strides of a network.
      first[dim] = axis === 0 ? 3 : 64;
      second[dim] = axis === 0 ? 5 : 96;
    });
  }
  return [first, second];
}
