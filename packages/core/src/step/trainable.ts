import type { Graph, Node } from '@datafree/plugin';
import { floatOf } from '../graph/attributes.ts';
import type { InlineOptions } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { batchNormalizationTraining } from '../ops/normalization/batchNormalization.ts';
import type { Update } from '../optimiser/optimiser.ts';
import type { StepProgram } from './program.ts';

/** How a network is made trainable. */
export interface TrainableOptions {
  /** Which initializers are trained; running statistics never are. */
  readonly trained: (name: string) => boolean;
  /**
   * `following`: BatchNormalization normalises with the statistics of the batch and its running statistics follow.
   * `frozen`: it keeps its running statistics.
   */
  readonly batchNorm: 'following' | 'frozen';
  /** Share of the old running statistics that a step keeps. */
  readonly momentum?: number;
  readonly prefix?: string;
  readonly rewrite?: InlineOptions['rewrite'];
}

/** A network whose weights are state of a step. */
export interface Trainable {
  /** Looks up the value that took the place of a named value of the network. */
  readonly find: (name: string) => Value;
  /** The trained tensors, by the names they have in the network. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** Sets the next value of the trained tensors. */
  readonly update: (next: ReadonlyMap<string, Value>) => void;
  /** Pairs each parameter with its gradient, for an optimiser. */
  readonly updates: (gradients: readonly Value[], decay: (name: string) => boolean) => Update[];
}

/**
 * Writes a network into a step with its weights as state named `prefix + name`, each of its own shape. In training,
 * BatchNormalization follows `running ← momentum · running + (1 − momentum) · batch` (ONNX 15, "BatchNormalization").
 */
export function inlineTrainable(
  program: StepProgram,
  graph: Graph,
  inputs: Readonly<Record<string, Value>>,
  options: TrainableOptions,
): Trainable {
  const { builder } = program;
  const { prefix = '', momentum = 0.9, rewrite } = options;
  const running = new Set(
    options.batchNorm === 'following'
      ? graph.nodes.filter((node) => node.op === 'BatchNormalization').flatMap((node) => node.inputs.slice(3, 5))
      : [],
  );
  const parameters = new Map<string, Value>();
  const states = new Map<string, Value>();
  for (const [name, tensor] of graph.initializers) {
    const trained = options.trained(name) && !running.has(name);
    if (!trained && !running.has(name)) continue;
    const state = program.state(prefix + name, tensor);
    states.set(name, state);
    if (trained) parameters.set(name, state);
  }
  const follow = (node: Node, [x, scale, shift, ...running]: readonly (Value | undefined)[]): readonly Value[] => {
    const [mean, variance] = running as [Value, Value];
    const options = { epsilon: floatOf(node, 'epsilon', 1e-5), momentum: 0 };
    const parameters = { scale: scale as Value, shift: shift as Value, mean, variance };
    // With momentum 0 the node gives the statistics of the batch, which its derivative needs too.
    const batch = batchNormalizationTraining(builder, x as Value, parameters, options);
    const moved = (old: Value, own: Value) =>
      add(builder, mul(builder, old, momentum), mul(builder, own, 1 - momentum));
    program.next(mean, moved(mean, batch.mean));
    program.next(variance, moved(variance, batch.variance));
    return [batch.y];
  };
  const find = builder.inline(graph, inputs, {
    prefix,
    replace: states,
    rewrite: (node, values) => {
      const own = rewrite?.(node, values);
      if (own !== undefined) return own;
      const follows = options.batchNorm === 'following' && node.op === 'BatchNormalization';
      return follows ? follow(node, values) : undefined;
    },
  });
  return {
    find,
    parameters,
    update: (next) => {
      for (const [name, value] of next) program.next(parameters.get(name) as Value, value);
    },
    updates: (gradients, decay) =>
      [...parameters].map(([name, value], i) => ({ value, gradient: gradients[i] as Value, decay: decay(name) })),
  };
}
