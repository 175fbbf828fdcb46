import { attribute, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { filterOfBlocks, filterOfPlanes } from './filter.ts';
import type { Layout } from './layout.ts';

const { attributes, int, intOf, ints, intsOf, stringOf } = attribute;

/** What a two-dimensional convolution does, apart from its weights. */
export interface ConvSettings {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly group: number;
}

/** Writes a Conv node on blocks, or nothing where the kernels do not take it. */
export function lowerConv(layout: Layout, node: Node, inputs: readonly (Value | undefined)[]): Value[] | undefined {
  const [x, w, bias] = inputs as [Value, Value, Value | undefined];
  if (w.shape.length !== 4 || stringOf(node, 'auto_pad', 'NOTSET') !== 'NOTSET') return undefined;
  const settings = {
    strides: intsOf(node, 'strides', [1, 1]),
    dilations: intsOf(node, 'dilations', [1, 1]),
    pads: intsOf(node, 'pads', [0, 0, 0, 0]),
    group: intOf(node, 'group', 1),
  };
  const y = blockedConvolution(layout, x, w, bias, settings);
  return y && [layout.toPlain(y, w.shape[0]!)];
}

/**
 * A convolution on blocks: of few channels from their plain form, of one channel a group, or of whole blocks a group.
 *
 * @returns its blocked result, or undefined where the kernels do not take it
 */
export function blockedConvolution(
  layout: Layout,
  x: Value,
  w: Value,
  bias: Value | undefined,
  { strides, dilations, pads, group }: ConvSettings,
): Value | undefined {
  const { builder: b, block } = layout;
  const [filters, depth, ...kernel] = w.shape as [number, number, ...number[]];
  if (x.dtype !== 'float32') return undefined;
  const write = (input: Value, filter: Value, groups: number) =>
    layout.conv(
      bias === undefined ? [input, filter] : [input, filter, layout.channels(bias)],
      attributes({
        group: int(groups),
        kernel_shape: ints(kernel),
        strides: ints(strides),
        dilations: ints(dilations),
        pads: ints(pads),
      }),
    );
  // Half a block and more that is in blocks already is not worth to be taken out of them for one place at a time.
  const stays = layout.blockedFormOf(x) !== undefined && 2 * depth >= block && kernel.every((size) => size === 1);
  if (group === 1 && depth < block && !stays) return write(x, filterOfPlanes(b, w, block), 1);
  if (!layout.canBlock(x)) return undefined;
  if (group === 1) return write(layout.toBlocked(x), filterOfBlocks(b, w, block), 1);
  if (depth === 1 && filters === group) {
    const filter = filterOfPlanes(b, w, block);
    return write(layout.toBlocked(x), filter, filter.shape[0]!);
  }
  if (depth % block !== 0 || (filters / group) % block !== 0) return undefined;
  return write(layout.toBlocked(x), filterOfBlocks(b, w, block), group);
}
