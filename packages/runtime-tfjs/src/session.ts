import { numbersOf, requireOutputs, sizesOf } from '@datafree/core';
import {
  DatafreeError,
  type Graph,
  isDatafreeError,
  type Node,
  type Session,
  type Tensor,
  type Tensors,
} from '@datafree/plugin';
import type * as tfjs from '@tensorflow/tfjs-core';
import { kernels } from './kernels/index.ts';
import { inexpressible, type KernelContext, type TfjsLibrary } from './kernels/kernel.ts';
import { useBackend } from './library.ts';
import type { TfjsOptions } from './options.ts';
import { type Plan, planOf } from './plan.ts';
import { checkBorder, fromTfjs, toTfjs } from './values.ts';

/** Makes a graph ready to run. @throws `operator-unknown`, `unsupported`, `provider-unavailable` */
export async function openSession(tf: TfjsLibrary, graph: Graph, options: TfjsOptions): Promise<Session> {
  await useBackend(tf, options);
  for (const { name, dtype } of [...graph.inputs, ...graph.outputs]) checkBorder(name, dtype);
  const all = graph.outputs.map((output) => output.name);
  const plans = new Map<string, Plan>();
  const weights = new Map<Tensor, tfjs.Tensor>();
  let running: Promise<unknown> = Promise.resolve();
  let disposed: Promise<void> | undefined;

  const planFor = (sizes: Readonly<Record<string, number>>, wanted: readonly string[]): Plan => {
    const key = JSON.stringify([sizes, wanted]);
    const plan = plans.get(key) ?? planOf(graph, sizes, wanted);
    plans.set(key, plan);
    return plan;
  };
  // Where no size is free, what cannot run is known now.
  if (graph.inputs.every(({ shape }) => shape.every((dim) => typeof dim === 'number'))) planFor({}, all);

  /** The constants of plans, brought to the backend once. */
  const weight = (name: string, tensor: Tensor): tfjs.Tensor => {
    const kept = weights.get(tensor) ?? tf.keep(toTfjs(tf, name, tensor));
    weights.set(tensor, kept);
    return kept;
  };

  const execute = async (feeds: Tensors, wanted: readonly string[]): Promise<Tensors> => {
    requireOutputs(all, wanted);
    const plan = planFor(sizesOf(graph.inputs, feeds), wanted);
    await useBackend(tf, options);
    const results = tf.tidy(() => compute(tf, plan, feeds, weight));
    try {
      const types = plan.graph.outputs.map(({ name, dtype }) => [name, dtype] as const);
      const read = types.map(async ([name, dtype]) => [name, await fromTfjs(results[name]!, dtype)] as const);
      return Object.fromEntries(await Promise.all(read));
    } finally {
      tf.dispose(results);
    }
  };

  return {
    async run(feeds, outputs = all) {
      if (disposed !== undefined) throw new DatafreeError('runtime-failed', 'The session was disposed.');
      const work = execute(feeds, outputs);
      running = Promise.allSettled([running, work]);
      return work;
    },
    dispose() {
      disposed ??= running.then(() => {
        for (const tensor of weights.values()) tensor.dispose();
        weights.clear();
      });
      return disposed;
    },
  };
}

/** Computes the outputs of a plan, node by node; tensors are freed after their last use. */
function compute(
  tf: TfjsLibrary,
  { graph, types, finished }: Plan,
  feeds: Tensors,
  weight: (name: string, tensor: Tensor) => tfjs.Tensor,
): Record<string, tfjs.Tensor> {
  const values = new Map<string, tfjs.Tensor>();
  for (const { name } of graph.inputs) values.set(name, toTfjs(tf, name, feeds[name]!));
  const find = (name: string): tfjs.Tensor => {
    const constant = graph.initializers.get(name);
    return constant === undefined ? values.get(name)! : weight(name, constant);
  };
  graph.nodes.forEach((node, place) => {
    const results = tf.tidy(() => applied(tf, node, graph, types, find));
    node.outputs.forEach((name, i) => {
      if (name !== '') values.set(name, results[i]!);
    });
    for (const name of finished[place]!) values.get(name)?.dispose();
  });
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, find(name)]));
}

function applied(
  tf: TfjsLibrary,
  node: Node,
  graph: Graph,
  types: Plan['types'],
  find: (name: string) => tfjs.Tensor,
): tfjs.Tensor[] {
  const context: KernelContext = {
    tf,
    node,
    types: node.inputs.map((name) => (name === '' ? undefined : types.get(name))),
    outputs: node.outputs.map((name) => types.get(name) ?? { dtype: 'float32', shape: [] }),
    input: (index) => find(node.inputs[index]!),
    content: (index) => {
      const tensor = graph.initializers.get(node.inputs[index]!);
      if (tensor === undefined) throw inexpressible(context, `input ${index} that is not constant`);
      return Array.from(numbersOf(tensor));
    },
  };
  try {
    const result = kernels[node.op]!(context);
    const outputs = 'dataId' in result ? [result as tfjs.Tensor] : [...(result as readonly tfjs.Tensor[])];
    // What is handed through is another tensor on the same memory, so that each value can be freed on its own.
    const inputs = node.inputs.map((name) => (name === '' ? undefined : find(name)));
    return outputs.map((output) => (inputs.includes(output) ? tf.clone(output) : output));
  } catch (error) {
    if (isDatafreeError(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new DatafreeError(
      'runtime-failed',
      `TensorFlow.js (${tf.getBackend()}), ${node.op} "${node.name}": ${message}`,
      {
        node: node.name,
        op: node.op,
        cause: error,
      },
    );
  }
}
