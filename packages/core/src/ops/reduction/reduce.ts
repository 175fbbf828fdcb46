import { attributes, int } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type GradientContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { expand } from '../layout/expand.ts';
import { reshape } from '../layout/reshape.ts';
import { forEachRun, rowMajorStrides } from '../layout/strides.ts';
import { reducedAxes } from './axes.ts';

/** Writes a reduction over axes (all when absent, none when empty), which go or, with `keep`, become 1. */
export function reduce(b: GraphBuilder, type: string, x: Value, axes?: readonly number[], keep = false): Value {
  const none = axes?.length === 0 ? int(1) : undefined;
  return b.op(
    type,
    [x, axes && b.int64(axes)],
    attributes({ keepdims: int(keep ? 1 : 0), noop_with_empty_axes: none }),
  );
}

/** What the derivative of a reduction sees. */
export interface ReductionContext {
  readonly x: Value;
  /** The output and its adjoint with the reduced axes kept, so that both broadcast against `x`. */
  readonly y: Value;
  readonly dy: Value;
  /** The reduced axes. */
  readonly axes: readonly number[];
  /** How many elements become one. */
  readonly count: number;
}

/**
 * A reduction: starts from `start`, takes in one element after the other by `step`, and ends with `finish`, which is
 * told how many there were.
 *
 * @param rule.gradient the adjoint of the input, or something that broadcasts to it
 */
export function reduction(
  type: string,
  rule: {
    readonly start: number;
    step(accumulated: number, element: number): number;
    finish?(accumulated: number, count: number): number;
    gradient(b: GraphBuilder, context: ReductionContext): Value;
  },
): Operator {
  return {
    type,
    infer: (context) => [{ dtype: context.inputs[0]!.dtype, shape: reducedAxes(context).shape }],
    gradient: (context, [dy]) => {
      const { builder: b, inputs, outputs } = context;
      const x = inputs[0]!;
      const { axes } = reducedAxes(context);
      const kept = keptShape(context);
      const count = elementCount(axes.map((axis) => x.shape[axis]!));
      const y = reshape(b, outputs[0]!, kept);
      const adjoint = rule.gradient(b, { x, y, dy: reshape(b, dy!, kept), axes, count });
      return [expand(b, adjoint, x.shape), undefined];
    },
    evaluate: (context) => {
      const x = context.inputs[0]!;
      const { axes, shape } = reducedAxes(inferContextOf(context));
      const kept = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const strides = rowMajorStrides(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
      const result = new Float64Array(elementCount(shape)).fill(rule.start);
      const data = numbersOf(x);
      forEachRun(x.dims, [rowMajorStrides(x.dims), strides], [0, 0], ([from, to], length, [step, stride]) => {
        let read = from!;
        let write = to!;
        for (let i = 0; i < length; i++) {
          result[write] = rule.step(result[write] as number, data[read] as number);
          read += step!;
          write += stride!;
        }
      });
      if (rule.finish !== undefined) {
        const count = elementCount(axes.map((axis) => x.dims[axis]!));
        for (let i = 0; i < result.length; i++) result[i] = rule.finish(result[i] as number, count);
      }
      return [tensorOf(x.dtype, shape, result)];
    },
  };
}

function keptShape(context: GradientContext): number[] {
  const { axes } = reducedAxes(context);
  return context.inputs[0]!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}
