import { attribute, concat, mul, pad, reshape, slice, transpose, type Value } from '@datafree/core';
import { blockedConvolution } from './convolution.ts';
import type { Layout, Lowering } from './layout.ts';

const { intOf, intsOf, stringOf } = attribute;

/** The outputs of a transposed convolution along one axis whose place is `first` modulo the stride. */
interface Phase {
  /** The first kernel cell that reaches them, the number of such cells, and how far apart they are. */
  readonly cell: number;
  readonly taps: number;
  readonly stride: number;
  /** Padding of the convolution that gives them. */
  readonly begin: number;
  readonly end: number;
}

/** A ConvTranspose on blocks: of all channels, or one channel a group. */
export const lowerConvTranspose: Lowering = (layout, node, inputs) => {
  const [x, w, bias] = inputs as [Value, Value, Value | undefined];
  const group = intOf(node, 'group', 1);
  const channelwise = group === w.shape[0] && w.shape[1] === 1;
  if (w.shape.length !== 4 || (group !== 1 && !channelwise) || bias !== undefined) return undefined;
  // A block of few channels, as of a picture's gradient, would move mostly zeros.
  if (2 * w.shape[1]! * group < layout.block) return undefined;
  if (stringOf(node, 'auto_pad', 'NOTSET') !== 'NOTSET' || node.attributes.output_shape !== undefined) return undefined;
  if (intsOf(node, 'dilations', [1, 1]).some((dilation) => dilation !== 1)) return undefined;
  const strides = intsOf(node, 'strides', [1, 1]);
  const pads = intsOf(node, 'pads', [0, 0, 0, 0]);
  const extra = intsOf(node, 'output_padding', [0, 0]);
  const axes = [0, 1].map((axis): Axis => {
    const [size, kernel, stride] = [x.shape[axis + 2]!, w.shape[axis + 2]!, strides[axis]!];
    const begin = pads[axis]!;
    return {
      size,
      kernel,
      stride,
      begin,
      output: (size - 1) * stride + kernel + extra[axis]! - begin - pads[axis + 2]!,
    };
  });
  const y = channelwise ? spreadOut(layout, x, w, axes) : byPhases(layout, x, w, axes);
  return y && [y];
};

/** What a transposed convolution does along one axis: sizes of its input, kernel and output, and where that begins. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly begin: number;
  readonly output: number;
}

/**
 * One channel a group: the convolution without stride, its kernel in reverse, of the input with zeros between its places.
 * There is little to compute, so that zeros are cheaper than to put phases together.
 */
function spreadOut(layout: Layout, x: Value, w: Value, axes: readonly Axis[]): Value | undefined {
  const begin = axes.map((axis) => axis.kernel - 1 - axis.begin);
  const end = axes.map(({ size, stride, kernel, output }, i) => output - size * stride - begin[i]! + kernel - 1);
  if (!layout.canBlock(x) || Math.min(...begin, ...end) < 0) return undefined;
  const { builder: b, block } = layout;
  const [rows, columns] = axes.map(({ stride }) => stride) as [number, number];
  const blocked = layout.toBlocked(x);
  const [samples, channels, height, width] = blocked.shape as [number, number, number, number];
  const lines = reshape(b, blocked, [((samples * channels) / block) * height, 1, width, block]);
  const spread = pad(b, lines, [0, 0, 0, 0, 0, rows - 1, 0, (columns - 1) * block]);
  const wide = reshape(b, spread, [samples, channels, height * rows, width * columns]);
  const reversed = slice(b, w, { axes: [2, 3], starts: [-1, -1], ends: [beforeStart, beforeStart], steps: [-1, -1] });
  return blockedConvolution(layout, layout.toPlain(wide, x.shape), reversed, undefined, {
    strides: [1, 1],
    dilations: [1, 1],
    pads: [...begin, ...end],
    group: w.shape[0]!,
  });
}

/**
 * All channels: split by the phase of the output within the stride, where each phase is a convolution without stride by
 * the kernel cells that reach it (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?"), and
 * the phases are interleaved. Nothing is multiplied with inserted zeros.
 */
function byPhases(layout: Layout, x: Value, w: Value, axes: readonly Axis[]): Value | undefined {
  const phases = axes.map(phasesOf);
  const [rows, columns] = phases;
  if (rows === undefined || columns === undefined) return undefined;
  const pieces = rows.map((row) =>
    columns.map((column) => {
      const y = phase(layout, x, w, [row, column]);
      return y && layout.toBlocked(y);
    }),
  );
  const some = pieces.flat().find((piece) => piece !== undefined);
  if (some === undefined) return undefined;
  // A kernel smaller than the stride reaches some phases with no cell.
  const zeros = pieces.flat().includes(undefined) ? mul(layout.builder, some, 0) : some;
  const filled = pieces.map((row) => row.map((piece) => piece ?? zeros));
  return layout.toPlain(interleaved(layout, filled), [x.shape[0]!, w.shape[1]!]);
}

/**
 * With `o = q · stride + r − begin`, output o takes `x[q − j]` by kernel cell `r + j · stride` for every j: as a
 * convolution with the cells in reverse, padded so that its first place is the first q.
 */
function phasesOf({ size, kernel, stride, begin, output }: Axis): Phase[] | undefined {
  if (output % stride !== 0) return undefined;
  const phases = Array.from({ length: stride }, (_, first): Phase => {
    const r = (first + begin) % stride;
    const taps = Math.max(0, Math.ceil((kernel - r) / stride));
    const before = taps - 1 - (first + begin - r) / stride;
    return { cell: r, taps, stride, begin: before, end: output / stride - size - before + taps - 1 };
  });
  return phases.every(({ taps, begin, end }) => taps === 0 || (begin >= 0 && end >= 0)) ? phases : undefined;
}

/** The convolution of one phase along both axes; undefined where no cell reaches it. */
function phase(layout: Layout, x: Value, w: Value, axes: readonly Phase[]): Value | undefined {
  const { builder: b } = layout;
  if (axes.some(({ taps }) => taps === 0)) return undefined;
  const cells = slice(b, w, {
    axes: [2, 3],
    starts: axes.map(({ cell, taps, stride }) => cell + (taps - 1) * stride),
    // One before the first cell; far below zero where that is before the kernel.
    ends: axes.map(({ cell, stride }) => (cell < stride ? beforeStart : cell - stride)),
    steps: axes.map(({ stride }) => -stride),
  });
  return blockedConvolution(layout, x, transpose(b, cells, [1, 0, 2, 3]), undefined, {
    strides: [1, 1],
    dilations: [1, 1],
    pads: [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)],
    group: 1,
  });
}

/** What "to the beginning", going backwards, is written as: ONNX reads -1 as the last element. */
const beforeStart = -(2 ** 31);

/** Puts `pieces[r][c]` on every place whose row is r and whose column is c modulo the numbers of pieces. */
function interleaved({ builder: b, block }: Layout, pieces: readonly (readonly Value[])[]): Value {
  const [samples, channels, height, width] = pieces[0]![0]!.shape as [number, number, number, number];
  const lines = ((samples * channels) / block) * height;
  const rows = pieces.map((row) => {
    const columns = row.map((piece) => reshape(b, piece, [lines, width, block]));
    const line = columns.length === 1 ? columns[0]! : concat(b, columns, 2);
    return reshape(b, line, [lines, 1, row.length * width * block]);
  });
  const whole = rows.length === 1 ? rows[0]! : concat(b, rows, 1);
  return reshape(b, whole, [samples, channels, rows.length * height, pieces[0]!.length * width]);
}
