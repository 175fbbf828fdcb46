import { attribute, float32Of, tensorOf } from '@datafree/core';
import type { Graph, Model, Node, Tensor } from '@datafree/plugin';
import { boundsOf } from '../plan/operators.ts';
import { Topology } from '../topology.ts';

/** Two layers, the first of which alone feeds the second, channel by channel, through functions that scale along. */
interface Pair {
  readonly first: Node;
  readonly second: Node;
  /** Largest value that lies between them unchanged: the bound of a Clip, or infinity. */
  readonly bound: number;
}

/** Operators that commute with a positive factor for each channel. */
const homogeneous: ReadonlySet<string> = new Set(['AveragePool', 'GlobalAveragePool', 'MaxPool']);

/** Standard deviations above the mean up to which an activation is taken to reach. */
const deviations = 6;
/** The most that one channel is scaled against another. */
const largestFactor = 64;

/**
 * Cross-layer equalisation (after Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
 * Correction", 2019): gives the channels between two layers ranges that are alike, so that one grid for all of them
 * wastes none of its levels. Row i of the first layer is multiplied by a factor that column i of the second is divided
 * by; the network computes what it did.
 *
 * Where the paper evens out weights against weights, here each output channel has a weight grid of its own. What
 * remains to be evened out are the activations, as far as the BatchNormalization after the first layer says they reach
 * (mean + 6 deviations), against the columns of the second layer.
 *
 * Clip (ReLU6) does not scale along: a channel that may reach its bound stays, the others are kept below it.
 */
export function equalize(graph: Graph, model: Model): Graph {
  const topology = new Topology(graph);
  const reaches = channelReaches(model);
  const initializers = new Map(graph.initializers);
  for (const pair of pairsOf(topology)) {
    const reach = reaches.get(pair.first.outputs[0] as string);
    if (reach !== undefined) scaleChannels(pair, factorsOf(pair, reach, initializers), initializers);
  }
  return { ...graph, initializers };
}

/** By output of a BatchNormalization: how far above zero each channel is taken to reach. */
function channelReaches(model: Model): ReadonlyMap<string, Float64Array> {
  const nodes = new Map(model.graph.nodes.map((node) => [node.name, node]));
  return new Map(
    model.batchNorms.map(({ node, scale, shift }) => [
      nodes.get(node)?.outputs[0] ?? '',
      Float64Array.from(shift, (mean, c) => Math.max(0, mean + deviations * Math.abs(scale[c] as number))),
    ]),
  );
}

function pairsOf(topology: Topology): Pair[] {
  return topology.graph.nodes.flatMap((first) => {
    if (!isLayer(first, topology)) return [];
    let value = first.outputs[0] as string;
    let bound = Number.POSITIVE_INFINITY;
    for (;;) {
      const next = topology.onlyConsumer(value);
      if (next === undefined) return [];
      const bounds = boundsOf(next, topology);
      if (bounds !== undefined && bounds.low === 0 && bounds.high > 0) bound = Math.min(bound, bounds.high);
      else if (isLayer(next, topology)) return takesChannels(next, topology) ? [{ first, second: next, bound }] : [];
      else if (next.domain !== '' || !homogeneous.has(next.op)) return [];
      value = next.outputs[0] as string;
    }
  });
}

/** A Conv or Gemm whose constants no other node reads. */
function isLayer(node: Node, topology: Topology): boolean {
  if (node.domain !== '' || (node.op !== 'Conv' && node.op !== 'Gemm')) return false;
  if (node.op === 'Gemm' && attribute.intOf(node, 'transB', 0) !== 1) return false;
  const constants = node.inputs.slice(1).filter((name) => name !== '');
  return constants.every((name) => topology.constant(name) !== undefined && topology.onlyConsumer(name) === node);
}

/** A layer whose outputs each depend on all its inputs, or each on one (depthwise). */
function takesChannels(node: Node, topology: Topology): boolean {
  const group = node.op === 'Conv' ? attribute.intOf(node, 'group', 1) : 1;
  return group === 1 || isDepthwise(node, topology.constant(node.inputs[1]) as Tensor);
}

function factorsOf(
  { second, bound }: Pair,
  reach: Float64Array,
  initializers: ReadonlyMap<string, Tensor>,
): Float64Array {
  const weights = initializers.get(second.inputs[1] as string) as Tensor;
  const columns = isDepthwise(second, weights) ? undefined : columnReaches(weights);
  // A depthwise layer has a weight grid for each channel and takes any range.
  const wanted = reach.map((own, c) => (columns === undefined ? 1 : Math.sqrt(own * (columns[c] as number))));
  const largest = reach.reduce((most, own) => Math.max(most, own), 0);
  const widest = wanted.reduce((most, range) => Math.max(most, range), 0);
  const common = Math.min(bound, largest) / widest;
  return reach.map((own, c) => {
    if (own <= largest / largestFactor || own >= bound || wanted[c] === 0) return 1;
    const factor = Math.min(largestFactor, Math.max(1 / largestFactor, ((wanted[c] as number) * common) / own));
    return Math.min(factor, bound / own);
  });
}

/** One output for each input channel. */
function isDepthwise(node: Node, { dims }: Tensor): boolean {
  return node.op === 'Conv' && dims[1] === 1 && dims[0] === attribute.intOf(node, 'group', 1);
}

/** The largest weight of each input channel, each output's weights taken relative to its largest. */
function columnReaches(weights: Tensor): Float64Array {
  const [outputs, inputs] = weights.dims as [number, number];
  const values = float32Of(weights);
  const taps = values.length / (outputs * inputs);
  const reaches = new Float64Array(inputs);
  for (let o = 0; o < outputs; o++) {
    const row = values.subarray(o * inputs * taps, (o + 1) * inputs * taps);
    const largest = largestOf(row);
    for (let i = 0; largest > 0 && i < inputs; i++) {
      reaches[i] = Math.max(reaches[i] as number, largestOf(row.subarray(i * taps, (i + 1) * taps)) / largest);
    }
  }
  return reaches;
}

function largestOf(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function scaleChannels({ first, second }: Pair, factors: Float64Array, initializers: Map<string, Tensor>): void {
  const rescale = (name: string | undefined, factorAt: (index: number, tensor: Tensor) => number): void => {
    const tensor = initializers.get(name ?? '');
    if (name === undefined || tensor === undefined) return;
    const values = float32Of(tensor).map((value, i) => value * factorAt(i, tensor));
    initializers.set(name, tensorOf('float32', tensor.dims, values));
  };
  const rowOf = (i: number, { dims, data }: Tensor): number => Math.floor(i / (data.length / (dims[0] as number)));
  rescale(first.inputs[1], (i, tensor) => factors[rowOf(i, tensor)] as number);
  rescale(first.inputs[2], (i) => factors[i] as number);
  rescale(second.inputs[1], (i, tensor) => {
    if (isDepthwise(second, tensor)) return 1 / (factors[rowOf(i, tensor)] as number);
    const [outputs, inputs] = tensor.dims as [number, number];
    const taps = tensor.data.length / (outputs * inputs);
    return 1 / (factors[Math.floor(i / taps) % inputs] as number);
  });
}
