import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { contentOf } from '../constant/content.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { reshape } from './reshape.ts';
import { gatherView, rowMajorStrides } from './strides.ts';

/** Repeats a value `repeats[axis]` times along each axis. */
export function tile(b: GraphBuilder, x: Value, repeats: readonly number[]): Value {
  return b.op('Tile', [x, b.int64(repeats)]);
}

/** Tile. Derivative: the adjoint, summed over the repetitions. */
export const tileOperator: Operator = {
  type: 'Tile',
  infer: (context) => {
    const { dtype, shape } = context.inputs[0]!;
    const repeats = repeatsOf(context);
    return [{ dtype, shape: shape.map((size, axis) => size * (repeats[axis] as number)) }];
  },
  gradient: (context, [dy]) => {
    const { builder: b, inputs } = context;
    const { shape } = inputs[0]!;
    const parted = reshape(b, dy!, interleave(repeatsOf(context), shape));
    const sum = reduceSum(
      b,
      parted,
      shape.map((_, axis) => 2 * axis),
    );
    return [shape.length === 0 ? dy : sum, undefined];
  },
  evaluate: (context) => {
    const x = context.inputs[0]!;
    const repeats = repeatsOf(inferContextOf(context));
    const strides = interleave(
      x.dims.map(() => 0),
      rowMajorStrides(x.dims),
    );
    const tiled = gatherView(x, interleave(repeats, x.dims), strides);
    return [{ ...tiled, dims: x.dims.map((size, axis) => size * (repeats[axis] as number)) }];
  },
};

function repeatsOf(context: InferContext): number[] {
  const { shape } = context.inputs[0]!;
  const repeats = contentOf(context, 1, 'the repeats');
  if (repeats.length !== shape.length || repeats.some((count) => count < 0)) {
    throw new DatafreeError('shape-mismatch', `repeats [${repeats}] do not fit [${shape}].`);
  }
  return repeats;
}

function interleave(outer: readonly number[], inner: readonly number[]): number[] {
  return outer.flatMap((entry, axis) => [entry, inner[axis] as number]);
}
