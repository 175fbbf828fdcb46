import { attribute } from '@datafree/core';
import type { Graph, ValueInfo } from '@datafree/plugin';

/** The free dimension of what there is one of for each time. */
const times = 'times';

/** The input that says how often, by its length. */
export const tick = 'repeat/tick';

/** What the input or output `name` of the graph is called in the graph around it. */
export function outer(name: string): string {
  return `repeat/${name}`;
}

/**
 * A graph that runs another several times, as a Scan of ONNX: the carried inputs go in as they are and come out as they
 * are after the last time; the other inputs and outputs have one entry for each time along a new first axis.
 *
 * @param carried inputs with the outputs that they become
 */
export function scanned(graph: Graph, carried: ReadonlyMap<string, string>): Graph {
  const infoOf = new Map([...graph.inputs, ...graph.outputs].map((info) => [info.name, info]));
  const find = (name: string): ValueInfo => infoOf.get(name) as ValueInfo;
  const own = [...carried.keys()].map(find);
  const next = [...carried.values()].map(find);
  const fed = graph.inputs.filter(({ name }) => !carried.has(name));
  const nexts = new Set(carried.values());
  const given = graph.outputs.filter(({ name }) => !nexts.has(name));
  const ticking: ValueInfo = { name: 'tick', dtype: 'float32', shape: [] };
  const outside = (info: ValueInfo): ValueInfo => ({ ...info, name: outer(info.name) });
  const each = (info: ValueInfo): ValueInfo => ({ ...outside(info), shape: [times, ...info.shape] });

  const inputs = [...own.map(outside), ...[...fed, ticking].map(each)];
  const outputs = [...next.map(outside), ...given.map(each)];
  const body: Graph = { ...graph, inputs: [...own, ...fed, ticking], outputs: [...next, ...given] };
  return {
    ...graph,
    initializers: new Map(),
    inputs,
    outputs,
    nodes: [
      {
        op: 'Scan',
        domain: '',
        name: 'repeat',
        inputs: inputs.map(({ name }) => name),
        outputs: outputs.map(({ name }) => name),
        attributes: {
          num_scan_inputs: attribute.int(fed.length + 1),
          body: { type: 'graph', value: body },
        },
      },
    ],
  };
}
