import type { Graph, Node } from '@datafree/plugin';

const node = (op: string, from: string, to: string, attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  name: `${op} to ${to}`,
  inputs: [from],
  outputs: [to],
  attributes,
});

/** The graph with its GlobalAveragePool in double precision, for which onnxruntime has no kernel. */
export function withDoublePool(graph: Graph): Graph {
  const cast = (from: string, to: string, type: number) => node('Cast', from, to, { to: { type: 'int', value: type } });
  const nodes = graph.nodes.flatMap((own) => {
    if (own.op !== 'GlobalAveragePool') return [own];
    const [from, to] = [own.inputs[0] as string, own.outputs[0] as string];
    return [cast(from, 'wide', 11), node(own.op, 'wide', 'pooled'), cast('pooled', to, 1)];
  });
  return { ...graph, nodes };
}

/** The graph for a version of ONNX that there is not. */
export function withFutureOpset(graph: Graph): Graph {
  return { ...graph, opset: { ...graph.opset, '': 99 } };
}
