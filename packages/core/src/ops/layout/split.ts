import { DatafreeError, type Node } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { tensorOf } from '../../tensor.ts';
import { contentIfGiven } from '../constant/content.ts';
import { normalizeAxis, withEntry } from './axis.ts';
import { concat } from './concat.ts';
import { gatherView, rowMajorStrides } from './strides.ts';

/** Cuts a value along an axis into parts of the given sizes, which add up to that of the axis (ONNX, "Split"). */
export function split(b: GraphBuilder, x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length === 1) return [x];
  return b.apply('Split', [x, b.int64(sizes)], { attributes: { axis: int(axis) }, outputs: sizes.length });
}

/** Split, by sizes or into `num_outputs` nearly equal parts. Derivative: the adjoints, joined. */
export const splitOperator: Operator = {
  type: 'Split',
  infer: (context) => {
    const { dtype, shape } = context.inputs[0]!;
    const axis = axisOf(context.node, shape);
    return sizesOf(context).map((size) => ({ dtype, shape: withEntry(shape, axis, size) }));
  },
  gradient: (context, adjoints) => {
    const { builder: b, node, inputs } = context;
    const { dtype, shape } = inputs[0]!;
    const axis = axisOf(node, shape);
    const parts = sizesOf(context).map(
      (size, k) => adjoints[k] ?? b.constant(tensorOf(dtype, withEntry(shape, axis, size), [])),
    );
    return [concat(b, parts, axis), undefined];
  },
  evaluate: (context) => {
    const x = context.inputs[0]!;
    const axis = axisOf(context.node, x.dims);
    const strides = rowMajorStrides(x.dims);
    let start = 0;
    return sizesOf(inferContextOf(context)).map((size) => {
      start += size;
      return gatherView(x, withEntry(x.dims, axis, size), strides, (start - size) * strides[axis]!);
    });
  },
};

function axisOf(node: Node, shape: readonly number[]): number {
  return normalizeAxis(intOf(node, 'axis', 0), shape.length);
}

function sizesOf(context: InferContext): number[] {
  const { shape } = context.inputs[0]!;
  const total = shape[axisOf(context.node, shape)]!;
  const given = contentIfGiven(context, 1, 'the sizes');
  if (given !== undefined) {
    if (given.reduce((sum, size) => sum + size, 0) === total && given.every((size) => size >= 0)) return given;
    throw new DatafreeError('shape-mismatch', `sizes [${given}] do not add up to ${total}.`);
  }
  const count = intOf(context.node, 'num_outputs', context.node.outputs.length);
  const size = Math.ceil(total / count);
  return Array.from({ length: count }, (_, k) => Math.max(0, Math.min(size, total - k * size)));
}
