import { batchSizes, elementCount, inferTypes, numbersOf, operatorSetOf, tensorOf } from '@datafree/core';
import type { Context, Graph, Tensor } from '@datafree/plugin';
import { channelsOf, decodedWeight, exactWeight, stateOf, type WeightQuantiser } from '@datafree/student';
import type { Block } from '../blocks/blocks.ts';
import { comparableValues } from '../blocks/comparable.ts';
import type { Learners } from '../blocks/learners.ts';
import { type ActivationSource, collectActivations, windowOf } from '../loop/activations.ts';
import { descendGrid } from './descendGrid.ts';
import { descendCodes } from './descent.ts';
import { type Moments, momentsOf } from './moments.ts';
import { type Arrangement, arrangementOf, type Layer } from './patches.ts';

/** What {@link solveLayers} needs. */
export interface SolveParts extends Omit<ActivationSource, 'block' | 'quantised'> {
  /** The network with BatchNormalization folded. */
  readonly folded: Graph;
  readonly learners: Learners;
  /** The quantised network with states of this block. */
  quantisedWith(states: ReadonlyMap<string, Tensor>): Graph;
}

/** The most second moments that are held: those of 4096 values that are summed up. */
const largest = 2 ** 24;

/**
 * How much a weight is held to its own value beside the mean second moment of what it is multiplied with. What samples do
 * not tell apart they would otherwise decide by chance: with a hundredth, a network of depthwise layers learned its
 * samples and not their kind.
 */
const held = 0.5;

/**
 * Rounds the weights of a block layer by layer so that each layer gives, on what enters it in the quantised network, what
 * it gives in the network. Steps of single channels are found along with their codes; the bias takes up the mean of what
 * is left.
 *
 * @returns states of weights, their steps and biases; none for layers whose input has no counterpart in the network, and
 *   for those that sum up more than 4096 values
 */
export async function solveLayers(parts: SolveParts, context: Context): Promise<ReadonlyMap<string, Tensor>> {
  const { learners, folded } = parts;
  const states = new Map<string, Tensor>();
  // States change codes, steps and biases, not where layers are.
  const placeOf = placesIn(parts.quantisedWith(states), parts);
  for (const weight of learners.weights) {
    const graph = parts.quantisedWith(states);
    const place = placeOf(weight);
    if (place === undefined) continue;
    const { layer, arrangement, entry, entryShape } = place;
    const block: Block = { entry, entryShape, exit: entry, exitShape: entryShape, layers: 0 };
    const source = { ...parts, quantised: graph, block };
    const { count, own, exact } = await collectActivations(source, 0, windowOf(source), context);
    const moments = await momentsOf(layer, arrangement, { count, own, exact }, context);
    const before = exactWeight(graph, folded, weight);
    const biasName = layer.node.inputs[2] ?? '';
    const bias = learners.biases.get(biasName);
    const { after, changes } = roundLayer(graph, weight, before, arrangement, moments);
    states.set(stateOf.weight(weight.codes), after);
    if (changes !== undefined) states.set(stateOf.step(weight.scale), changes);
    if (bias !== undefined) states.set(stateOf.bias(biasName), movedBias(bias, before, after, arrangement, moments));
  }
  return states;
}

interface Place {
  readonly layer: Layer;
  readonly arrangement: Arrangement;
  /** The value that both networks have in front of it. */
  readonly entry: string;
  readonly entryShape: readonly number[];
}

/** Finds where a weight is used; undefined where several layers use it or its input cannot be compared. */
function placesIn(graph: Graph, { model, batch }: SolveParts): (weight: WeightQuantiser) => Place | undefined {
  const { shapeOf } = comparableValues(model, graph);
  const producers = new Map(graph.nodes.flatMap((own) => own.outputs.map((name) => [name, own] as const)));
  const types = inferTypes(graph, batchSizes(model.input, batch), operatorSetOf(model));

  return (weight) => {
    const [node, ...others] = graph.nodes.filter(({ inputs }) => inputs.includes(weight.node.outputs[0] as string));
    if (node === undefined || others.length > 0) return undefined;
    const inputShape = types.get(node.inputs[0] as string)?.shape.slice(1);
    let entry = node.inputs[0] as string;
    while (shapeOf(entry) === undefined && entry !== model.input.name) {
      const producer = producers.get(entry);
      if (producer === undefined || !passing.has(producer.op)) return undefined;
      entry = producer.inputs[0] as string;
    }
    const entryShape = entry === model.input.name ? types.get(entry)?.shape.slice(1) : shapeOf(entry);
    if (inputShape === undefined || entryShape === undefined) return undefined;
    if (elementCount(entryShape) !== elementCount(inputShape)) return undefined;
    const { dims } = graph.initializers.get(weight.codes) as Tensor;
    const layer = { node, weight: dims, input: inputShape };
    const arrangement = arrangementOf(layer);
    if (arrangement === undefined || arrangement.groups * arrangement.terms ** 2 > largest) return undefined;
    return { layer, arrangement, entry, entryShape };
  };
}

/** What hands values on as they are, but for rounding and shape. */
const passing: ReadonlySet<string> = new Set([
  'Clip',
  'DequantizeLinear',
  'Flatten',
  'QuantizeLinear',
  'Reshape',
  'Squeeze',
]);

/** The weights of a layer as they are rounded, and the logarithms by which the steps of its channels change. */
function roundLayer(
  graph: Graph,
  weight: WeightQuantiser,
  before: Tensor<'float32'>,
  { groups, terms, outputs, at }: Arrangement,
  moments: Moments,
): { readonly after: Tensor<'float32'>; readonly changes: Tensor<'float32'> | undefined } {
  const scales = numbersOf(graph.initializers.get(weight.scale) as Tensor);
  const zeros = weight.zeroPoint === undefined ? [0] : numbersOf(graph.initializers.get(weight.zeroPoint) as Tensor);
  const nearest = decodedWeight(graph, weight).data;
  const values = new Float32Array(nearest.length);
  const channelAt = channelsOf(graph, weight);
  const changes = hasOwnSteps(graph, weight) ? new Float64Array(scales.length) : undefined;
  for (let group = 0; group < groups; group++) {
    const part = <T extends Float64Array>(all: T) => all.slice(group * terms * terms, (group + 1) * terms * terms);
    const [own, cross] = [part(moments.own), part(moments.cross)];
    let trace = 0;
    for (let i = 0; i < terms; i++) trace += own[i * terms + i] as number;
    const ridge = (held * trace) / terms;
    for (let i = 0; i < terms; i++) own[i * terms + i] = (own[i * terms + i] as number) + ridge;
    const each = outputs / groups;
    for (let output = group * each; output < (group + 1) * each; output++) {
      const channel = channelAt(at(output, 0));
      const size = scales[channel] as number;
      const zero = zeros[channel] ?? (zeros[0] as number);
      const codes = Float64Array.from({ length: terms }, (_, i) =>
        Math.round((nearest[at(output, i)] as number) / size),
      );
      const wanted = new Float64Array(terms);
      for (let i = 0; i < terms; i++) {
        let sum = ridge * (before.data[at(output, i)] as number);
        for (let j = 0; j < terms; j++)
          sum += (cross[i * terms + j] as number) * (before.data[at(output, j)] as number);
        wanted[i] = sum;
      }
      const sum = { codes, low: weight.low - zero, high: weight.high - zero, size, moments: own, wanted };
      const exact = Float64Array.from({ length: terms }, (_, i) => before.data[at(output, i)] as number);
      const found = changes === undefined ? descendCodes(sum) : descendGrid(sum, exact);
      if (changes !== undefined) changes[channel] = Math.log(found.size / size);
      for (let i = 0; i < terms; i++) values[at(output, i)] = (found.codes[i] as number) * found.size;
    }
  }
  const after = tensorOf('float32', before.dims, values);
  const { dims } = graph.initializers.get(weight.scale) as Tensor;
  return { after, changes: changes && tensorOf('float32', dims, changes) };
}

/** Whether each channel of a weight has a step that nothing else has. */
function hasOwnSteps(graph: Graph, { axis, scale }: WeightQuantiser): boolean {
  return axis !== undefined && graph.nodes.filter(({ inputs }) => inputs.includes(scale)).length === 1;
}

/** The bias with which the mean of each output is what it is in the network. */
function movedBias(
  bias: Tensor,
  before: Tensor<'float32'>,
  after: Tensor<'float32'>,
  { groups, terms, outputs, at }: Arrangement,
  { ownMeans, exactMeans }: Moments,
): Tensor<'float32'> {
  const values = Float64Array.from(numbersOf(bias), (value, output) => {
    const group = Math.floor(output / (outputs / groups));
    let moved = value;
    for (let i = 0; i < terms; i++) {
      const [was, is] = [before.data[at(output, i)] as number, after.data[at(output, i)] as number];
      moved += was * (exactMeans[group * terms + i] as number) - is * (ownMeans[group * terms + i] as number);
    }
    return moved;
  });
  return tensorOf('float32', bias.dims, values);
}
