import {
  add,
  clip,
  exp,
  type GraphBuilder,
  learnedStep,
  mul,
  numbersOf,
  pad,
  reshape,
  type StepProgram,
  scalarOf,
  sub,
  tensorOf,
  type Value,
} from '@datafree/core';
import type { BatchNormSite, Graph, Node, Tensor } from '@datafree/plugin';
import { decodedBias, roundBias } from './bias.ts';
import { followedLayers, writeFollowed } from './following.ts';
import { channelsOf, decodedWeight, exactWeight, heldWeight } from './master.ts';
import { type ActivationQuantiser, findQuantisers, type Quantisers, type WeightQuantiser } from './quantisers.ts';
import { stateOf } from './states.ts';

/** Which parts of a student learn, and how. */
export interface StudentOptions {
  /** Step sizes of weights and of activations learn too (LSQ). */
  readonly learnSteps: 'both' | 'weights' | 'activations' | 'none';
  /** False where codes of weights stay, so that of a weight its step sizes alone can learn; true when absent. */
  readonly learnCodes?: boolean | undefined;
  /** Names of the step sizes that may learn; all when absent. */
  readonly learnable?: ReadonlySet<string>;
  /**
   * Writes a weight from the value that it has in the network. When absent it becomes a state, rounded with a learned step
   * and straight-through gradients.
   */
  readonly roundWeight?: (weight: WeightQuantiser, first: Tensor<'float32'>) => Value;
  /** Writes a bias from the value that is stored. When absent it becomes a state. */
  readonly writeBias?: (name: string, first: Tensor) => Value;
  /**
   * BatchNormalizations, by the layer that they were folded into, that the layers have back while they learn: they
   * normalise by the moments of each batch, and their running moments follow. `exportStudent` needs them too.
   */
  readonly batchNorms?: ReadonlyMap<string, BatchNormSite> | undefined;
  /** The values that are needed; the outputs of the graph when absent. */
  readonly wanted?: readonly string[];
  /** The graph that `quantised` is a part of, whose steps those of biases are products of; `quantised` itself when absent. */
  readonly whole?: Graph;
  /** What is quantised in it; looked for when absent. */
  readonly found?: Quantisers;
}

type Kind = 'weights' | 'activations' | 'inputs';

function kindOf({ input }: ActivationQuantiser): Kind {
  return input ? 'inputs' : 'activations';
}

/** A student written into a step. */
export interface Student {
  /** Looks up the value that took the place of a named value of the quantised graph. */
  readonly find: (name: string) => Value;
  /** Weights, biases and changes of gammas, by name of state. */
  readonly weights: ReadonlyMap<string, Value>;
  /** Logarithms of the factors that step sizes have changed by, by name of state. */
  readonly steps: ReadonlyMap<string, Value>;
}

/**
 * Writes a quantised graph into a training step: its rounding is kept, of biases too, with straight-through gradients, and
 * what was stored as whole numbers becomes floating-point state again. A step size is its first value times `exp(δ)`, so that it
 * stays positive and learns at a pace of its own size.
 *
 * @param original the full-precision network with BatchNormalization folded, from which weights start where it has
 *   them; otherwise they start from their codes
 * @throws `unsupported` for a BatchNormalization whose layer has one step size for all channels
 */
export function writeStudent(
  program: StepProgram,
  quantised: Graph,
  original: Graph,
  inputs: Readonly<Record<string, Value>>,
  options: StudentOptions,
): Student {
  const b = program.builder;
  const whole = options.whole ?? quantised;
  const found = options.found ?? findQuantisers(whole);
  const steps = new Map<string, Value>();
  const weights = new Map<string, Value>();
  const sizes = new Map<string, Value>();
  const constant = (name: string): Tensor => whole.initializers.get(name) as Tensor;
  const isStored = (node: Node): boolean => quantised.initializers.has(node.inputs[0] as string);

  const sizeOf = (scale: string, kind: Kind): Value => {
    const known = sizes.get(scale);
    if (known !== undefined) return known;
    const first = constant(scale);
    const asked = kind !== 'inputs' && (options.learnSteps === 'both' || options.learnSteps === kind);
    const learns = asked && (options.learnable?.has(scale) ?? true);
    let size = b.constant(first);
    if (learns) {
      const name = stateOf.step(scale);
      const change = program.state(name, tensorOf('float32', first.dims, []));
      steps.set(name, change);
      size = mul(b, size, exp(b, change));
    }
    sizes.set(scale, size);
    return size;
  };
  const roundings = new Map(found.activations.map((activation) => [activation.scale, activation]));
  const inputStepOf = (scale: string): Value => {
    const rounding = roundings.get(scale);
    return rounding === undefined ? b.constant(constant(scale)) : sizeOf(scale, kindOf(rounding));
  };
  const trained = (name: string, first: Tensor): Value => {
    const state = program.state(name, first);
    weights.set(name, state);
    return state;
  };
  const followed = followedLayers(quantised, found, options.batchNorms ?? new Map());
  const byLayer = new Map(followed.map((own) => [own.layer, own]));
  // A bias behind which a BatchNormalization follows becomes its beta.
  const betas = new Map(followed.map((own) => [own.bias.name, own.batchNorm.shift]));
  const folded = new Map<string, Tensor>();
  const bias = (name: string, first: Tensor): Value => {
    const beta = betas.get(name);
    folded.set(name, first);
    const start = beta === undefined ? first : tensorOf('float32', first.dims, beta);
    return options.writeBias?.(name, start) ?? trained(stateOf.bias(name), start);
  };

  const written = new Map<Node, () => Value>();
  for (const weight of found.weights) {
    written.set(weight.node, () => {
      if (options.roundWeight !== undefined) {
        return options.roundWeight(weight, exactWeight(quantised, original, weight));
      }
      if (options.learnCodes === false) return stepped(b, quantised, weight, sizeOf(weight.scale, 'weights'));
      const state = trained(stateOf.weight(weight.codes), heldWeight(quantised, original, weight));
      const zeros = weight.zeroPoint === undefined ? [0] : Array.from(numbersOf(constant(weight.zeroPoint)));
      return onGrid(b, state, sizeOf(weight.scale, 'weights'), weight, zeros);
    });
  }
  for (const { name, quantised: stored } of found.biases) {
    if (stored === undefined) continue;
    written.set(stored.node, () => {
      const value = bias(name, decodedBias(quantised, stored));
      // That of a BatchNormalization is none of the layer, whose own is folded from the moments that it will have.
      if (betas.has(name)) return value;
      return roundBias(b, value, mul(b, inputStepOf(stored.inputScale), sizeOf(stored.weightScale, 'weights')));
    });
  }
  const floats = found.biases.filter(
    ({ name, quantised: stored }) => stored === undefined && quantised.initializers.has(name),
  );
  const replaced = new Map(floats.map(({ name }) => [name, bias(name, constant(name))] as const));
  const rounding = new Map(found.activations.map((activation) => [activation.node, activation]));
  const clips = new Set(found.activations.map(({ clip: node }) => node));

  const find = b.inline(quantised, inputs, {
    prefix: 'student/',
    replace: replaced,
    ...(options.wanted && { wanted: options.wanted }),
    rewrite: (node, values) => {
      const [first] = values;
      const layer = byLayer.get(node);
      if (layer !== undefined) {
        const start = numbersOf(folded.get(layer.bias.name) as Tensor);
        const { output, change } = writeFollowed(program, layer, values as [Value, Value, Value], start);
        weights.set(change.name, change);
        return [output];
      }
      const own = written.get(node);
      if (own !== undefined) return [own()];
      const activation = rounding.get(node);
      if (activation !== undefined) return [roundActivation(b, first as Value, activation, sizeOf)];
      // What follows works on values instead of codes: a Clip is part of the rounding, padding is with zeros.
      if (clips.has(node) || (node.op === 'DequantizeLinear' && !isStored(node))) return [first as Value];
      if (first !== undefined && isCode(node, quantised)) return [onValues(b, node, first, quantised, found)];
      return undefined;
    },
  });
  return { find, weights, steps };
}

/**
 * A weight on its grid. Where channels have different zero points, each is rounded as far from its own: moved by it, by
 * which gradients stay what they are.
 */
function onGrid(
  b: GraphBuilder,
  weight: Value,
  size: Value,
  { low, high, axis }: WeightQuantiser,
  zeros: readonly number[],
): Value {
  const [first = 0] = zeros;
  const grid = { gradientScale: 1, ...(axis !== undefined && { axis }) };
  if (zeros.every((zero) => zero === first)) {
    return learnedStep(b, weight, size, { low: low - first, high: high - first, ...grid });
  }
  const each = weight.shape.map((_, k) => (k === axis ? zeros.length : 1));
  const way = mul(b, reshape(b, size, each), b.constant(tensorOf('float32', each, zeros)));
  return sub(b, learnedStep(b, add(b, weight, way), size, { low, high, ...grid }), way);
}

/** A weight whose codes stay, each as many steps as it stands for. */
function stepped(b: GraphBuilder, quantised: Graph, weight: WeightQuantiser, size: Value): Value {
  const { dims, data } = decodedWeight(quantised, weight);
  const first = numbersOf(quantised.initializers.get(weight.scale) as Tensor);
  const channelAt = channelsOf(quantised, weight);
  const counts = data.map((value, i) => Math.round(value / (first[channelAt(i)] as number)));
  const each = dims.map((_, k) => (k === weight.axis ? first.length : 1));
  return mul(b, b.constant(tensorOf('float32', dims, counts)), reshape(b, size, each));
}

function roundActivation(
  b: GraphBuilder,
  x: Value,
  activation: ActivationQuantiser,
  sizeOf: (scale: string, kind: Kind) => Value,
): Value {
  const { scale, zeroPoint, low, high } = activation;
  const elements = x.shape.slice(1).reduce((product, size) => product * size, 1);
  return learnedStep(b, x, sizeOf(scale, kindOf(activation)), {
    low: low - zeroPoint,
    high: high - zeroPoint,
    gradientScale: 1 / Math.sqrt(elements),
  });
}

/** True for a node that works on codes: its constant operand is of a type of codes. */
function isCode(node: Node, graph: Graph): boolean {
  const operand = graph.initializers.get(node.inputs[node.op === 'Pad' ? 2 : 1] ?? '');
  return (node.op === 'Pad' || node.op === 'Clip') && (operand?.dtype === 'uint8' || operand?.dtype === 'int8');
}

/** Pads or clips values as the node does codes. */
function onValues(b: GraphBuilder, node: Node, x: Value, graph: Graph, { activations }: Quantisers): Value {
  const read = (index: number) => {
    const tensor = graph.initializers.get(node.inputs[index] ?? '');
    return tensor && Array.from(numbersOf(tensor));
  };
  if (node.op === 'Pad') return pad(b, x, read(1) as number[]);
  const { zeroPoint, scale } = activations.find(({ node: { outputs } }) => outputs[0] === node.inputs[0]) ?? {
    zeroPoint: 0,
    scale: '',
  };
  const size = numbersOf(graph.initializers.get(scale) ?? scalarOf('float32', 1))[0] as number;
  const bound = (index: number) => {
    const limit = read(index)?.[0];
    return limit === undefined ? undefined : (limit - zeroPoint) * size;
  };
  return clip(b, add(b, x, 0), bound(1), bound(2));
}
