import { attribute } from '@datafree/core';
import type { Graph, ValueInfo } from '@datafree/plugin';

/** The free dimension of what there is one of for each time. */
const times = 'times';

/** The input that says how often, by its length: nothing else is called so, as {@link outer} puts a word before a name. */
export const tick = 'ticks';

/** What the input or output `name` of the graph is called in the graph around it. */
export function outer(name: string): string {
  return `repeat/${name}`;
}

/** The inputs and outputs of a graph that is repeated. */
export interface Ports {
  /** Inputs that are carried, and the outputs that they become, in the same order. */
  readonly own: readonly ValueInfo[];
  readonly next: readonly ValueInfo[];
  /** The other inputs and outputs: one for each time. */
  readonly fed: readonly ValueInfo[];
  readonly given: readonly ValueInfo[];
}

/** Tells what is carried from what is fed and given each time. @param carried inputs with the outputs that they become */
export function portsOf({ inputs, outputs }: Graph, carried: ReadonlyMap<string, string>): Ports {
  const infoOf = new Map([...inputs, ...outputs].map((info) => [info.name, info]));
  const nexts = new Set(carried.values());
  return {
    own: [...carried.keys()].map((name) => infoOf.get(name) as ValueInfo),
    next: [...carried.values()].map((name) => infoOf.get(name) as ValueInfo),
    fed: inputs.filter(({ name }) => !carried.has(name)),
    given: outputs.filter(({ name }) => !nexts.has(name)),
  };
}

/**
 * A graph that runs another several times, as a Scan of ONNX: the carried inputs go in as they are and come out as they
 * are after the last time; the other inputs and outputs have one entry for each time along a new first axis.
 *
 * @param carried inputs with the outputs that they become
 */
export function scanned(graph: Graph, carried: ReadonlyMap<string, string>): Graph {
  const { own, next, fed, given } = portsOf(graph, carried);
  const ticking: ValueInfo = { name: unusedName(graph), dtype: 'float32', shape: [] };
  const outside = (info: ValueInfo): ValueInfo => ({ ...info, name: outer(info.name) });
  const each = (info: ValueInfo): ValueInfo => ({ ...outside(info), shape: [times, ...info.shape] });

  const inputs = [...own.map(outside), ...fed.map(each), { ...each(ticking), name: tick }];
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

/** A name that no value of the graph has. */
function unusedName({ inputs, nodes, initializers }: Graph): string {
  const taken = new Set([
    ...inputs.map(({ name }) => name),
    ...initializers.keys(),
    ...nodes.flatMap(({ outputs }) => outputs),
  ]);
  let name = 'tick';
  while (taken.has(name)) name += "'";
  return name;
}
