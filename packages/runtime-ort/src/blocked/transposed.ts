import { attribute, concat, mul, reshape, slice, transpose, type Value } from '@datafree/core';
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

/**
 * A ConvTranspose on blocks, split by the phase of the output within the stride: each phase is a convolution without
 * stride by the kernel cells that reach it (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional
 * layer?"), and the phases are interleaved. Nothing is multiplied with inserted zeros.
 */
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
  const phases = [0, 1].map((axis) => {
    const [size, kernel, stride] = [x.shape[axis + 2]!, w.shape[axis + 2]!, strides[axis]!];
    const output = (size - 1) * stride + kernel + extra[axis]! - pads[axis]! - pads[axis + 2]!;
    return phasesOf(size, kernel, stride, pads[axis]!, output);
  });
  const [rows, columns] = phases;
  if (rows === undefined || columns === undefined) return undefined;
  const pieces = rows.map((row) => columns.map((column) => phase(layout, x, w, group, [row, column])));
  const some = pieces.flat().find((piece) => piece !== undefined);
  if (some === undefined) return undefined;
  // A kernel smaller than the stride reaches some phases with no cell.
  const zeros = pieces.flat().includes(undefined) ? mul(layout.builder, some, 0) : some;
  const filled = pieces.map((row) => row.map((piece) => piece ?? zeros));
  return [layout.toPlain(interleaved(layout, filled), w.shape[1]! * group)];
};

/**
 * With `o = q · stride + r − begin`, output o takes `x[q − j]` by kernel cell `r + j · stride` for every j: as a
 * convolution with the cells in reverse, padded so that its first place is the first q.
 */
function phasesOf(size: number, kernel: number, stride: number, begin: number, output: number): Phase[] | undefined {
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
function phase(layout: Layout, x: Value, w: Value, group: number, axes: readonly Phase[]): Value | undefined {
  const { builder: b } = layout;
  if (axes.some(({ taps }) => taps === 0)) return undefined;
  const cells = slice(b, w, {
    axes: [2, 3],
    starts: axes.map(({ cell, taps, stride }) => cell + (taps - 1) * stride),
    // One before the first cell; far below zero where that is before the kernel.
    ends: axes.map(({ cell, stride }) => (cell < stride ? beforeStart : cell - stride)),
    steps: axes.map(({ stride }) => -stride),
  });
  const filter = group === 1 ? transpose(b, cells, [1, 0, 2, 3]) : cells;
  return blockedConvolution(layout, x, filter, undefined, {
    strides: [1, 1],
    dilations: [1, 1],
    pads: [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)],
    group,
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
