import { attribute, elementCount, numbersOf, reshape, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import type { Layout } from './layout.ts';

const { int, intOf } = attribute;

/** ReduceMean and ReduceSum over the places, samples and places, or everything, of an input computed in blocks. */
export function lowerReduction(
  layout: Layout,
  node: Node,
  inputs: readonly (Value | undefined)[],
): Value[] | undefined {
  const [x, axes] = inputs as [Value, Value | undefined];
  const blocked = layout.blockedFormOf(x);
  const constant = layout.builder.constantOf(axes);
  if (blocked === undefined || (axes !== undefined && constant === undefined)) return undefined;
  const list = constant === undefined ? [0, 1, 2, 3] : Array.from(numbersOf(constant));
  const key = String(list.map((axis) => (axis < 0 ? axis + 4 : axis)).sort());
  // Without filling the order of the elements does not matter.
  if (key === '0,1,2,3' && elementCount(blocked.shape) === elementCount(x.shape)) {
    return [layout.builder.op(node.op, [blocked, ...inputs.slice(1)], node.attributes)];
  }
  if (key !== '2,3' && key !== '0,2,3') return undefined;
  const samplesToo = key === '0,2,3';
  const [samples, channels] = x.shape as [number, number];
  const kept = [samplesToo ? 1 : samples, channels, 1, 1];
  const shape = intOf(node, 'keepdims', 1) === 1 ? kept : samplesToo ? [channels] : [samples, channels];
  return [reducedPlaces(layout, node.op, x, blocked, samplesToo, shape)];
}

/** GlobalAveragePool of an input that was computed in blocks. */
export function lowerGlobalAverage(
  layout: Layout,
  _node: Node,
  [x]: readonly (Value | undefined)[],
): Value[] | undefined {
  const blocked = x && layout.blockedFormOf(x);
  if (x === undefined || blocked === undefined) return undefined;
  return [reducedPlaces(layout, 'ReduceMean', x, blocked, false, [x.shape[0]!, x.shape[1]!, 1, 1])];
}

/**
 * The places, or samples and places, of the blocked form of `x` reduced.
 *
 * @param shape that of the result, with C elements or N · C
 */
export function reducedPlaces(
  layout: Layout,
  op: string,
  x: Value,
  blocked: Value,
  samplesToo: boolean,
  shape: readonly number[],
): Value {
  const { builder: b } = layout;
  const [samples, channels] = x.shape as [number, number];
  const reduce = (value: Value, axis: number) => b.op(op, [value, b.int64([axis])], { keepdims: int(0) });
  // Samples that share a block have no channels beyond their own.
  const filled = (blocked.shape[0]! * blocked.shape[1]!) / samples;
  const overPlaces = reshape(b, reduce(layout.rows(blocked), 1), [samples, filled]);
  const own = layout.firstChannels(samplesToo ? reshape(b, reduce(overPlaces, 0), [1, filled]) : overPlaces, channels);
  return reshape(b, own, shape);
}
