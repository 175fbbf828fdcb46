import { elementCount, numbersOf, tensorOf } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import type { WeightQuantiser } from './quantisers.ts';

/**
 * The floating-point weight that training starts from: the one of the full-precision network where its rounding is the
 * stored code, the stored code times its scale elsewhere (where the quantiser changed or moved the weight).
 */
export function masterWeight(quantised: Graph, original: Graph, weight: WeightQuantiser): Tensor<'float32'> {
  const codes = quantised.initializers.get(weight.codes) as Tensor;
  const before = exactWeight(quantised, original, weight);
  const decoded = decodedWeight(quantised, weight).data;
  const values = before.data;
  const stored = numbersOf(codes);
  const stepAt = stepsOf(quantised, weight);
  return tensorOf(
    'float32',
    codes.dims,
    decoded.map((value, i) => {
      const own = values[i] as number;
      // Codes at the ends of the grid stand for everything beyond them.
      const beyond = own > value ? stored[i] === weight.high : stored[i] === weight.low;
      return beyond || Math.abs(own - value) <= stepAt(i) ? own : value;
    }),
  );
}

/** The weight as it is in the full-precision network; what its codes stand for where that has none of this name and shape. */
export function exactWeight(quantised: Graph, original: Graph, weight: WeightQuantiser): Tensor<'float32'> {
  const { dims } = quantised.initializers.get(weight.codes) as Tensor;
  const own = original.initializers.get(weight.node.outputs[0] as string);
  if (own === undefined || String(own.dims) !== String(dims)) return decodedWeight(quantised, weight);
  return tensorOf('float32', dims, numbersOf(own));
}

/**
 * The floating-point weight that training starts from where nothing but its own rounding decides for a code: the
 * {@link masterWeight}, and what would be rounded to another code than the stored one drawn to its side of that. A rounding
 * that was learned before is kept so.
 */
export function heldWeight(quantised: Graph, original: Graph, weight: WeightQuantiser): Tensor<'float32'> {
  const master = masterWeight(quantised, original, weight);
  const decoded = decodedWeight(quantised, weight).data;
  const codes = numbersOf(quantised.initializers.get(weight.codes) as Tensor);
  const stepAt = stepsOf(quantised, weight);
  const values = master.data.map((value, i) => {
    const [code, step] = [decoded[i] as number, stepAt(i)];
    const end = value < code ? weight.low : weight.high;
    if (Math.abs(value - code) < nearest * step || codes[i] === end) return value;
    return code + Math.sign(value - code) * inside * step;
  });
  return tensorOf('float32', master.dims, values);
}

/** How far from its code an element is that is rounded to it, in steps: a little less than half of one. */
const nearest = 0.49;
/** How far from its code an element starts that is rounded to another one: on the border a first small step would undo it. */
const inside = 0.25;

/** The weight that codes stand for. */
export function decodedWeight(graph: Graph, weight: WeightQuantiser): Tensor<'float32'> {
  const codes = graph.initializers.get(weight.codes) as Tensor;
  const zero = weight.zeroPoint === undefined ? [0] : numbersOf(graph.initializers.get(weight.zeroPoint) as Tensor);
  const channelAt = channelsOf(graph, weight);
  const stepAt = stepsOf(graph, weight);
  const values = Float64Array.from(
    numbersOf(codes),
    (code, i) => (code - (zero[channelAt(i)] ?? (zero[0] as number))) * stepAt(i),
  );
  return tensorOf('float32', codes.dims, values);
}

/** The step of an element of a weight, by its place. */
export function stepsOf(graph: Graph, weight: WeightQuantiser): (index: number) => number {
  const scales = numbersOf(graph.initializers.get(weight.scale) as Tensor);
  const channelAt = channelsOf(graph, weight);
  return (index) => scales[channelAt(index)] as number;
}

/** The entry of scales and zero points that an element of a weight has, by its place. */
export function channelsOf(graph: Graph, { codes, axis }: WeightQuantiser): (index: number) => number {
  if (axis === undefined) return () => 0;
  const { dims } = graph.initializers.get(codes) as Tensor;
  const each = elementCount(dims.slice(axis + 1));
  const channels = dims[axis] as number;
  return (index) => Math.floor(index / each) % channels;
}
