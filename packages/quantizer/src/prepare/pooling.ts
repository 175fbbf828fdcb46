import { attribute, int64Of, numbersOf, type TensorType } from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { rewriteNodes } from './rewrite.ts';

/** Writes a mean over all spatial axes as GlobalAveragePool, which has an integer kernel where ReduceMean has none. */
export function meanToPool(graph: Graph, types: ReadonlyMap<string, TensorType>): Graph {
  return rewriteNodes(graph, (node, topology) => {
    if (node.op !== 'ReduceMean' || node.domain !== '') return undefined;
    const [x, axesName] = node.inputs as [string, string?];
    const type = types.get(x);
    const axes = topology.constant(axesName);
    if (type === undefined || axes === undefined || type.dtype !== 'float32' || type.shape.length < 3) return undefined;
    const rank = type.shape.length;
    const over = new Set(Array.from(numbersOf(axes), (axis) => (axis < 0 ? axis + rank : axis)));
    const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    if (over.size !== spatial.length || !spatial.every((axis) => over.has(axis))) return undefined;
    const pool = { ...node, op: 'GlobalAveragePool', inputs: [x], attributes: {} };
    if (attribute.intOf(node, 'keepdims', 1) === 1) return { nodes: [pool] };
    const pooled = `${node.outputs[0]}.pooled`;
    const axesOf = `${node.name}.axes`;
    return {
      nodes: [
        { ...pool, outputs: [pooled] },
        { ...node, name: `${node.name}.squeeze`, op: 'Squeeze', inputs: [pooled, axesOf], attributes: {} },
      ],
      initializers: { [axesOf]: int64Of(spatial) },
    };
  });
}

/** Puts a Relu or Clip that alone follows a MaxPool in front of it, where it falls away. Both orders are equal. */
export function boundBeforePool(graph: Graph): Graph {
  const bounds = new Set(['Relu', 'Clip']);
  const moved = new Set<string>();
  const rewritten = rewriteNodes(graph, (node, topology) => {
    if (moved.has(node.name)) return { nodes: [] };
    if (node.op !== 'MaxPool' || node.domain !== '' || node.outputs.length > 1) return undefined;
    const bound = topology.onlyConsumer(node.outputs[0] as string);
    if (
      bound === undefined ||
      !bounds.has(bound.op) ||
      bound.inputs.slice(1).some((name) => topology.isActivation(name))
    ) {
      return undefined;
    }
    moved.add(bound.name);
    const [x, ...rest] = node.inputs as [string, ...string[]];
    const inner = `${node.outputs[0]}.bounded`;
    return {
      nodes: [
        { ...bound, inputs: [x, ...bound.inputs.slice(1)], outputs: [inner] },
        { ...node, inputs: [inner, ...rest], outputs: bound.outputs },
      ],
    };
  });
  return rewritten;
}
