import { attribute, float32Of, type TensorType, tensorOf } from '@datafree/core';
import type { Graph, Node } from '@datafree/plugin';
import { reachOf } from '../plan/reach.ts';
import { Topology } from '../topology.ts';
import { rewriteNodes } from './rewrite.ts';

/**
 * Writes a factor and a summand for each channel, `x · a + b`, as a convolution of one value a channel: it has a
 * weight scale for each channel and runs as integers. This is what becomes of a BatchNormalization that no layer
 * before it could take in. In front of the first layer with weights the two stay in float.
 */
export function scaleToConv(graph: Graph, types: ReadonlyMap<string, TensorType>): Graph {
  const { after } = reachOf(new Topology(graph), (node) => node.op === 'Conv' || node.op === 'Gemm');
  const merged = new Set<Node>();
  const rewritten = rewriteNodes(graph, (node, topology) => {
    if (node.op !== 'Mul' || node.domain !== '' || !after.has(node)) return undefined;
    const factor = perChannel(node, topology, types);
    if (factor === undefined) return undefined;
    const add = topology.onlyConsumer(node.outputs[0] as string);
    const summand = add?.op === 'Add' ? perChannel(add, topology, types) : undefined;
    if (summand !== undefined) merged.add(add as Node);
    const channels = factor.values.length;
    const spatial = (types.get(factor.input) as TensorType).shape.slice(2).map(() => 1);
    const names = [`${node.name}.weight`, `${node.name}.bias`] as const;
    return {
      nodes: [
        {
          ...node,
          op: 'Conv',
          inputs: [factor.input, names[0], ...(summand === undefined ? [] : [names[1]])],
          outputs: summand === undefined ? node.outputs : (add as Node).outputs,
          attributes: { group: attribute.int(channels), kernel_shape: attribute.ints(spatial) },
        },
      ],
      initializers: {
        [names[0]]: tensorOf('float32', [channels, 1, ...spatial], factor.values),
        ...(summand && { [names[1]]: tensorOf('float32', [channels], summand.values) }),
      },
    };
  });
  return merged.size === 0 ? rewritten : { ...rewritten, nodes: rewritten.nodes.filter((node) => !merged.has(node)) };
}

/** The activation and the constants, one a channel, that an Add or Mul combines; undefined when it does not. */
function perChannel(
  node: Node,
  topology: Topology,
  types: ReadonlyMap<string, TensorType>,
): { readonly input: string; readonly values: Float32Array } | undefined {
  const constant = node.inputs.find((name) => topology.constant(name) !== undefined);
  const input = node.inputs.find((name) => topology.isActivation(name));
  if (constant === undefined || input === undefined) return undefined;
  const tensor = topology.constant(constant);
  const type = types.get(input);
  if (tensor?.dtype !== 'float32' || type?.dtype !== 'float32' || type.shape.length < 3) return undefined;
  const rank = type.shape.length;
  const aligned = [...Array<number>(Math.max(0, rank - tensor.dims.length)).fill(1), ...tensor.dims];
  const fits = aligned.length === rank && aligned.every((dim, axis) => dim === (axis === 1 ? type.shape[1] : 1));
  return fits ? { input, values: float32Of(tensor) } : undefined;
}
