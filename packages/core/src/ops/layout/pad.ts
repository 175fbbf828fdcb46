import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { attributes, string, stringOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import {
  type GradientContext,
  type InferContext,
  inferContextOf,
  type Operator,
  type Value,
} from '../../graph/operator.ts';
import { elementCount } from '../../tensor.ts';
import { contentIfGiven, contentOf } from '../constant/content.ts';
import { sub } from '../elementwise/sub.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { normalizeAxis, withEntry } from './axis.ts';
import { scatterRuns } from './indexRuns.ts';
import { allocateElements, copyView, type Elements, elementsOf, rowMajorStrides, tensorOfElements } from './strides.ts';

/** Where the elements around a padded value come from. */
export type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';

/** Options of {@link pad}. */
export interface PadOptions {
  /** `constant` when absent. */
  readonly mode?: PadMode;
  /** What `constant` pads with; 0 when absent. */
  readonly value?: number;
}

/**
 * Puts elements around a value (ONNX, "Pad").
 *
 * @param pads how many before each axis, then how many after; negative ones crop
 */
export function pad(b: GraphBuilder, x: Value, pads: readonly number[], options: PadOptions = {}): Value {
  if (pads.every((count) => count === 0)) return x;
  const { mode = 'constant', value = 0 } = options;
  const inputs = [x, b.int64(pads), ...(value === 0 ? [] : [b.scalar(value, x.dtype)])];
  return b.op('Pad', inputs, attributes({ mode: mode === 'constant' ? undefined : string(mode) }));
}

/**
 * Pad, with its modes `constant`, `reflect`, `edge` and `wrap`. Derivative: the adjoint cropped to the input, and in
 * the modes that repeat elements, that of each repetition added.
 */
export const padOperator: Operator = {
  type: 'Pad',
  infer: (context) => {
    const { dtype, shape } = context.inputs[0]!;
    const borders = bordersOf(context);
    const padded = shape.map((size, axis) => size + borders[axis]!.before + borders[axis]!.after);
    const mode = modeOf(context.node);
    if (
      padded.some((size) => size < 0) ||
      (mode !== 'constant' && padded.some((size, axis) => size > 0 && shape[axis] === 0))
    ) {
      throw new DatafreeError('shape-mismatch', `[${shape}] cannot be padded to [${padded}].`);
    }
    return [{ dtype, shape: padded }];
  },
  gradient: (context, [dy]) =>
    modeOf(context.node) === 'constant' ? croppedBack(context, dy!) : foldedBack(context, dy!),
  evaluate: (context) => {
    const [x, , value] = context.inputs;
    const mode = modeOf(context.node);
    const fill = value === undefined ? undefined : elementsOf(value)[0];
    return [
      bordersOf(inferContextOf(context)).reduce(
        (padded, border, axis) => padAxis(padded, axis, border, mode, fill),
        x!,
      ),
    ];
  },
};

interface Border {
  readonly before: number;
  readonly after: number;
}

function modeOf(node: Node): PadMode {
  const mode = stringOf(node, 'mode', 'constant');
  if (mode === 'constant' || mode === 'reflect' || mode === 'edge' || mode === 'wrap') return mode;
  throw new DatafreeError('attribute-invalid', `mode "${mode}" of Pad is unknown.`);
}

/** The border of every axis. */
function bordersOf(context: InferContext): Border[] {
  const { shape } = context.inputs[0]!;
  const pads = contentOf(context, 1, 'the pads');
  const axes = contentIfGiven(context, 3, 'the axes') ?? shape.map((_, axis) => axis);
  if (pads.length !== 2 * axes.length) {
    throw new DatafreeError('shape-mismatch', `${pads.length} pads do not fit ${axes.length} axes.`);
  }
  const borders: Border[] = shape.map(() => ({ before: 0, after: 0 }));
  axes.forEach((axis, k) => {
    borders[normalizeAxis(axis, shape.length)] = { before: pads[k]!, after: pads[k + axes.length]! };
  });
  return borders;
}

function croppedBack(context: GradientContext, dy: Value): (Value | undefined)[] {
  const { builder: b, wanted } = context;
  const borders = bordersOf(context);
  const dx = pad(b, dy, [...borders.map((border) => -border.before), ...borders.map((border) => -border.after)]);
  if (!wanted[2]) return [dx, undefined];
  return [dx, undefined, sub(b, reduceSum(b, dy), reduceSum(b, dx))];
}

/** Axis by axis, the last one first: what each run of repeated elements hands back. */
function foldedBack(context: GradientContext, dy: Value): (Value | undefined)[] {
  const { builder: b, node, inputs } = context;
  const mode = modeOf(node);
  const { shape } = inputs[0]!;
  const dx = bordersOf(context).reduceRight((adjoint, border, axis) => {
    const indices = sourceIndices(shape[axis]!, border, mode);
    return border.before === 0 && border.after === 0 ? adjoint : scatterRuns(b, adjoint, axis, indices, shape[axis]!);
  }, dy);
  return [dx, undefined, undefined];
}

/** For each position of a padded axis, the index of the element it shows; −1 for the constant. */
function sourceIndices(size: number, { before, after }: Border, mode: PadMode): number[] {
  return Array.from({ length: size + before + after }, (_, position) => sourceIndex(position - before, size, mode));
}

function sourceIndex(index: number, size: number, mode: PadMode): number {
  if (mode === 'constant') return index < 0 || index >= size ? -1 : index;
  if (mode === 'edge') return Math.min(size - 1, Math.max(0, index));
  if (mode === 'wrap') return ((index % size) + size) % size;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const phase = ((index % period) + period) % period;
  return Math.min(phase, period - phase);
}

function padAxis(x: Tensor, axis: number, border: Border, mode: PadMode, fill: number | undefined): Tensor {
  if (border.before === 0 && border.after === 0) return x;
  const indices = sourceIndices(x.dims[axis]!, border, mode);
  const shape = withEntry(x.dims, axis, indices.length);
  const source = elementsOf(x);
  const elements: Elements = allocateElements(x.dtype, elementCount(shape));
  if (fill !== undefined && mode === 'constant') elements.fill(fill);
  const from = rowMajorStrides(x.dims);
  const to = rowMajorStrides(shape);
  const layer = withEntry(shape, axis, 1);
  indices.forEach((index, position) => {
    if (index < 0) return;
    copyView(
      layer,
      { elements: source, start: index * from[axis]!, strides: from },
      { elements, start: position * to[axis]!, strides: to },
    );
  });
  return tensorOfElements(x.dtype, shape, elements);
}
