import { inferTypes, operatorSetOf } from '@datafree/core';
import type { Graph, Model } from '@datafree/plugin';

/**
 * The activations that teacher and student are compared at, from shallow to deep: of the values that both have under
 * one name, the last at each spatial size.
 *
 * @param student the quantised graph
 * @returns names of values [N, channels, …]; none where both have no spatial one in common
 */
export function stagesOf(model: Model, student: Graph): string[] {
  const sizes = Object.fromEntries(model.input.shape.filter((dim) => typeof dim === 'string').map((dim) => [dim, 1]));
  const types = inferTypes(model.graph, sizes, operatorSetOf(model));
  const own = new Set(student.nodes.flatMap((node) => (node.op === 'DequantizeLinear' ? node.outputs : [])));
  const last = new Map<string, string>();
  for (const node of model.graph.nodes) {
    for (const name of node.outputs) {
      const shape = types.get(name)?.shape ?? [];
      if (!own.has(name) || shape.length < 3) continue;
      const size = String(shape.slice(2));
      last.delete(size);
      last.set(size, name);
    }
  }
  return [...last.values()];
}
