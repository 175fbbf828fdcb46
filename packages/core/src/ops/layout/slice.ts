import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { elementCount, isFloat, tensorOf } from '../../tensor.ts';
import { contentIfGiven, contentOf } from '../constant/content.ts';
import { normalizeAxis, withEntry } from './axis.ts';
import { pad } from './pad.ts';
import { reshape } from './reshape.ts';
import { gatherView, rowMajorStrides } from './strides.ts';

/** Which elements a slice takes, in the sense of Python's `start:end:step`. */
export interface SliceRange {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** The axes that are sliced; the first ones when absent. */
  readonly axes?: readonly number[];
  /** 1 when absent; negative steps go backwards. */
  readonly steps?: readonly number[];
}

/** What "to the end", going backwards, is written as: ONNX reads −1 as the last element. */
const beforeStart = -(2 ** 31);

/** Every `step`-th element from `start` to before `end` along each of the axes (ONNX, "Slice"). */
export function slice(b: GraphBuilder, x: Value, range: SliceRange): Value {
  const axes = range.axes ?? range.starts.map((_, axis) => axis);
  const steps = range.steps ?? [];
  const plain = steps.every((step) => step === 1);
  return b.op(
    'Slice',
    [x, b.int64(range.starts), b.int64(range.ends), b.int64(axes), plain ? undefined : b.int64(steps)].slice(
      0,
      plain ? 4 : 5,
    ),
  );
}

/** The elements in reverse order along an axis. */
export function reverse(b: GraphBuilder, x: Value, axis: number): Value {
  return slice(b, x, { starts: [-1], ends: [beforeStart], axes: [axis], steps: [-1] });
}

/** Slice. Derivative: the adjoint between zeros. */
export const sliceOperator: Operator = {
  type: 'Slice',
  infer: (context) => {
    const { dtype, shape } = context.inputs[0]!;
    const picks = picksOf(context);
    return [{ dtype, shape: shape.map((size, axis) => picks.get(axis)?.count ?? size) }];
  },
  gradient: (context, [dy]) => {
    const { builder: b, inputs } = context;
    const { shape } = inputs[0]!;
    const before = shape.map(() => 0);
    const after = shape.map(() => 0);
    let adjoint = dy!;
    const rest = inputs.slice(1).map(() => undefined);
    // What nothing is taken of has no part in the result.
    if (elementCount(adjoint.shape) === 0) return [b.constant(tensorOf(adjoint.dtype, shape, [])), ...rest];
    for (const [axis, pick] of picksOf(context)) {
      const { count } = pick;
      const step = Math.abs(pick.step);
      const start = pick.step < 0 ? pick.start - (count - 1) * step : pick.start;
      if (pick.step < 0) adjoint = reverse(b, adjoint, axis);
      if (step > 1 && count > 1) adjoint = spreadOut(b, adjoint, axis, step);
      before[axis] = start;
      after[axis] = shape[axis]! - start - adjoint.shape[axis]!;
    }
    return [pad(b, adjoint, [...before, ...after]), ...rest];
  },
  evaluate: (context) => {
    const x = context.inputs[0]!;
    const strides = rowMajorStrides(x.dims);
    const shape = [...x.dims];
    let start = 0;
    for (const [axis, pick] of picksOf(inferContextOf(context))) {
      shape[axis] = pick.count;
      start += pick.start * strides[axis]!;
      strides[axis] = strides[axis]! * pick.step;
    }
    return [gatherView(x, shape, strides, start)];
  },
};

/** Puts `step − 1` zeros behind every element along an axis. */
function spreadOut(b: GraphBuilder, x: Value, axis: number, step: number): Value {
  const size = x.shape[axis]!;
  const spread = withEntry(x.shape, axis, size * step);
  if (axis === x.shape.length - 1 && isFloat(x.dtype)) {
    // Along the last axis the zeros lie between single elements: a product with a 0/1 matrix is many times faster
    // than copying them one by one.
    const selection = new Float32Array(size * size * step);
    for (let i = 0; i < size; i++) selection[i * size * step + i * step] = 1;
    return b.op('MatMul', [x, b.constant(tensorOf(x.dtype, [size, size * step], selection))]);
  }
  const apart = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const after = apart.map((_, k) => (k === axis + 1 ? step - 1 : 0));
  return reshape(b, pad(b, reshape(b, x, apart), [...apart.map(() => 0), ...after]), spread);
}

interface Pick {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function picksOf(context: InferContext): ReadonlyMap<number, Pick> {
  const { shape } = context.inputs[0]!;
  const starts = contentOf(context, 1, 'the starts');
  const ends = contentOf(context, 2, 'the ends');
  const axes = contentIfGiven(context, 3, 'the axes') ?? starts.map((_, axis) => axis);
  const steps = contentIfGiven(context, 4, 'the steps') ?? starts.map(() => 1);
  if ([ends, axes, steps].some((list) => list.length !== starts.length) || steps.includes(0)) {
    throw new DatafreeError(
      'attribute-invalid',
      `starts [${starts}], ends [${ends}], axes [${axes}] and steps [${steps}] do not fit.`,
    );
  }
  const picks = new Map<number, Pick>();
  axes.forEach((listed, k) => {
    const axis = normalizeAxis(listed, shape.length);
    const size = shape[axis]!;
    const step = steps[k]!;
    // Positions are first counted from the front and then moved into what can be reached with this step.
    const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
    const within = (position: number) => Math.min(highest, Math.max(lowest, position < 0 ? position + size : position));
    const start = within(starts[k]!);
    const count = Math.max(0, Math.ceil((within(ends[k]!) - start) / step));
    picks.set(axis, { start: count === 0 ? 0 : start, step, count });
  });
  return picks;
}
