import { elementCount, fedTo, requireOutputs, sizesOf, tensorOf } from '@datafree/core';
import type { Graph, Session, Tensor, Tensors, ValueInfo } from '@datafree/plugin';
import { outer, portsOf, tick } from './scan.ts';

/**
 * A session that runs a graph once or several times, over one of its {@link scanned} form: what is carried stays inside
 * onnxruntime from one time to the next, and is copied once a run.
 *
 * @param graph the graph that is repeated
 * @param carried inputs with the outputs that they become
 */
export function repeatedSession(session: Session, graph: Graph, carried: ReadonlyMap<string, string>): Session {
  const { own, fed, given } = portsOf(graph, carried);

  const repeat: NonNullable<Session['repeat']> = async (state, feeds) => {
    if (feeds.length === 0) return { carried: { ...state }, results: [] };
    for (const own of feeds) sizesOf(graph.inputs, { ...own, ...state });
    const results = await session.run({
      ...Object.fromEntries(own.map((input) => [outer(input.name), fedTo(input, state)])),
      ...Object.fromEntries(fed.map((input) => [outer(input.name), stacked(input, feeds)])),
      [tick]: tensorOf('float32', [feeds.length], []),
    });
    const find = (name: string): Tensor => results[outer(name)] as Tensor;
    return {
      carried: Object.fromEntries([...carried].map(([name, next]) => [name, find(next)])),
      results: feeds.map((_, i) => Object.fromEntries(given.map(({ name }) => [name, entry(find(name), i)]))),
    };
  };

  const run: Session['run'] = async (feeds, outputs) => {
    const { carried: next, results } = await repeat(feeds, [feeds]);
    const all: Tensors = {
      ...results[0],
      ...Object.fromEntries([...carried].map(([name, output]) => [output, next[name] as Tensor])),
    };
    if (outputs === undefined) return all;
    requireOutputs(Object.keys(all), outputs);
    return Object.fromEntries(outputs.map((name) => [name, all[name] as Tensor]));
  };

  return { run, repeat, dispose: () => session.dispose() };
}

/** What each time is fed for an input, along a new first axis. */
function stacked(input: ValueInfo, feeds: readonly Tensors[]): Tensor {
  const [first = {}] = feeds;
  const { dtype, dims } = fedTo(input, first);
  // What has another size the next time cannot be laid beside it.
  const tensors = feeds.map((feed) => fedTo({ ...input, shape: dims }, feed));
  const size = elementCount(dims);
  const all = tensorOf(dtype, [tensors.length, ...dims], []);
  tensors.forEach((tensor, i) => {
    (all.data as Float32Array).set(tensor.data as Float32Array, i * size);
  });
  return all;
}

/** The entry `i` along the first axis. */
function entry({ dtype, dims, data }: Tensor, i: number): Tensor {
  const own = dims.slice(1);
  const size = elementCount(own);
  return { dtype, dims: own, data: (data as Float32Array).slice(i * size, (i + 1) * size) } as Tensor;
}
