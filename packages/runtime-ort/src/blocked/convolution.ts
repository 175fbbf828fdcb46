import { attribute, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { blockDiagonal, filterOfBlocks, filterOfPlanes, repeated } from './filter.ts';
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
  return y && [y];
}

/**
 * A convolution on blocks: of few channels from their plain form, of one channel a group, or of whole blocks a group.
 *
 * @returns the plain form of its result, or undefined where the kernels do not take it
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
  const result = [x.shape[0]!, filters];
  if (x.dtype !== 'float32') return undefined;
  const write = (input: Value, filter: Value, groups: number, fold: number) => {
    const written = {
      inputs: bias === undefined ? [input, filter] : [input, filter, layout.channels(bias, fold)],
      attributes: attributes({
        group: int(groups),
        kernel_shape: ints(kernel),
        strides: ints(strides),
        dilations: ints(dilations),
        pads: ints(pads),
      }),
      fold,
    };
    const readFold = layout.foldOf(result);
    const whole = (fold * filters) % block === 0;
    return layout.toPlain(layout.conv(whole ? { ...written, readFold } : written), result);
  };
  // Half a block and more that is in blocks already is not worth to be taken out of them for one place at a time.
  const stays = layout.blockedFormOf(x) !== undefined && 2 * depth >= block && kernel.every((size) => size === 1);
  const side = layout.foldOf(result);
  if (group === 1 && side * depth < block && !stays) {
    return write(layout.sideBySide(x, side), filterOfPlanes(b, blockDiagonal(b, w, side), block), 1, side);
  }
  if (!layout.canBlock(x)) return undefined;
  const own = layout.foldOf(x.shape);
  if (group === 1) {
    const fold = layout.fillsBlocks(x.shape) && layout.fillsBlocks(result) ? Math.max(own, side) : 1;
    if (fold === 1 && own > 1 && depth % 4 !== 0) return undefined;
    const input = fold < own ? layout.reorderInput(x, fold) : layout.regrouped(layout.toBlocked(x), own, fold);
    return write(input, filterOfBlocks(b, blockDiagonal(b, w, fold), block), 1, fold);
  }
  if (depth === 1 && filters === group) {
    const filter = filterOfPlanes(b, repeated(b, w, own), block);
    return write(layout.toBlocked(x), filter, filter.shape[0]!, own);
  }
  if (depth % block !== 0 || (filters / group) % block !== 0) return undefined;
  return write(layout.toBlocked(x), filterOfBlocks(b, w, block), group, 1);
}
