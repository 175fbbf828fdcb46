import { attribute, elementCount, integerRange, numbersOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';

/** A weight that is stored as whole numbers. */
export interface WeightQuantiser {
  /** The DequantizeLinear that reads it. */
  readonly node: Node;
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string | undefined;
  /** The axis that scales run along; undefined for one scale. */
  readonly axis: number | undefined;
  /** Smallest and largest code that it may take. */
  readonly low: number;
  readonly high: number;
}

/** A bias stored as whole numbers of the product of two scales. */
export interface BiasCodes {
  readonly node: Node;
  readonly codes: string;
  readonly scale: string;
  /** Scales of the input and of the weight of its layer. */
  readonly inputScale: string;
  readonly weightScale: string;
}

/** A bias of a layer. */
export interface Bias {
  readonly name: string;
  /** Absent where the bias is stored in floating point. */
  readonly quantised?: BiasCodes;
}

/** An activation that is rounded: QuantizeLinear, and the Clip of its codes where there are fewer than 256. */
export interface ActivationQuantiser {
  readonly node: Node;
  readonly scale: string;
  readonly zeroPoint: number;
  /** Smallest and largest code, a following Clip taken into account. */
  readonly low: number;
  readonly high: number;
  /** It rounds an input of the network, whose grid is that of the data and does not learn. */
  readonly input: boolean;
  /** The Clip that is taken into account. */
  readonly clip: Node | undefined;
}

/** What of a quantised graph can learn. */
export interface Quantisers {
  readonly weights: readonly WeightQuantiser[];
  readonly biases: readonly Bias[];
  readonly activations: readonly ActivationQuantiser[];
}

/** Finds what is quantised in a graph of QuantizeLinear and DequantizeLinear pairs. */
export function findQuantisers(graph: Graph): Quantisers {
  const { producers, consumers } = neighbours(graph);
  const inputs = new Set(graph.inputs.map((input) => input.name));
  const constant = (name: string | undefined): Tensor | undefined => graph.initializers.get(name ?? '');

  const weights: WeightQuantiser[] = [];
  const biases: Bias[] = [];
  const activations: ActivationQuantiser[] = [];
  for (const node of graph.nodes) {
    if (node.op === 'QuantizeLinear') activations.push(activationOf(node));
    if (isLayer(node)) {
      const weight = producers.get(node.inputs[1] ?? '');
      const known = weights.some((other) => other.node === weight);
      if (weight !== undefined && isStored(weight) && !known) weights.push(weightOf(weight));
      const bias = node.inputs[2];
      if (bias !== undefined && bias !== '') biases.push(...biasOf(node, bias, weight));
    }
  }
  return { weights, biases, activations };

  function isStored(node: Node): boolean {
    return node.op === 'DequantizeLinear' && constant(node.inputs[0]) !== undefined;
  }

  function weightOf(node: Node): WeightQuantiser {
    const [codes, scale, zeroPoint] = node.inputs as [string, string, string?];
    const stored = constant(codes) as Tensor;
    // The code in the middle, from which a grid reaches as far to both sides.
    const middle = stored.dtype === 'uint4' ? 8 : 0;
    let [least, most] = [0, 0];
    const own = numbersOf(stored);
    for (let i = 0; i < own.length; i++) {
      const code = (own[i] as number) - middle;
      if (code < least) least = code;
      if (code > most) most = code;
    }
    const reach = Math.max(-least, most + 1);
    const bits = Math.max(2, 1 + Math.ceil(Math.log2(reach)));
    const half = 2 ** (bits - 1) - 1;
    // A symmetric grid of 8 bits leaves its lowest code out.
    const zeros = constant(zeroPoint);
    const symmetric = zeros === undefined || Array.from(numbersOf(zeros)).every((zero) => zero === middle);
    const narrow = bits === 8 && symmetric && least > -128;
    const [low, high] = [middle - (narrow ? half : half + 1), middle + half];
    const along = attribute.intOf(node, 'axis', 1);
    const axis = along < 0 ? along + stored.dims.length : along;
    const single = elementCount((constant(scale) as Tensor).dims) === 1;
    return { node, codes, scale, zeroPoint: zeroPoint || undefined, axis: single ? undefined : axis, low, high };
  }

  function biasOf(layer: Node, name: string, weight: Node | undefined): Bias[] {
    if (constant(name)?.dtype === 'float32') return [{ name }];
    const node = producers.get(name);
    const input = producers.get(layer.inputs[0] as string);
    if (node === undefined || !isStored(node) || input?.op !== 'DequantizeLinear' || weight === undefined) return [];
    const [codes, scale] = node.inputs as [string, string];
    const inputScale = input.inputs[1] as string;
    const weightScale = weight.inputs[1] as string;
    return [{ name, quantised: { node, codes, scale, inputScale, weightScale } }];
  }

  function activationOf(node: Node): ActivationQuantiser {
    const [, scale, zero] = node.inputs as [string, string, string?];
    const stored = constant(zero);
    const zeroPoint = stored === undefined ? 0 : (numbersOf(stored)[0] as number);
    const [least, most] = integerRange(stored?.dtype ?? 'uint8');
    const [next, ...others] = consumers.get(node.outputs[0] as string) ?? [];
    const clip = next?.op === 'Clip' && others.length === 0 ? next : undefined;
    const bound = (index: number, fallback: number): number => {
      const limit = constant(clip?.inputs[index]);
      return limit === undefined ? fallback : (numbersOf(limit)[0] as number);
    };
    return {
      node,
      scale,
      zeroPoint,
      low: bound(1, least),
      high: bound(2, most),
      input: inputs.has(node.inputs[0] as string),
      clip,
    };
  }
}

/** Which node gives a value, and which nodes read it. */
export function neighbours({ nodes }: Graph) {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const consumers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const name of node.inputs) consumers.set(name, [...(consumers.get(name) ?? []), node]);
  }
  return { producers, consumers };
}

/** True for a layer with weights in its second input and a bias in its third. */
function isLayer(node: Node): boolean {
  return node.op === 'Conv' || node.op === 'ConvTranspose' || node.op === 'Gemm' || node.op === 'MatMul';
}
