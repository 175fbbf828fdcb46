import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { floatOf, intOf, intsOf, stringOf } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../../tensor.ts';
import { mul } from '../../elementwise/mul.ts';
import { normalizeAxis } from '../../layout/axis.ts';
import { reshape } from '../../layout/reshape.ts';
import { matMul } from '../../linear/matMul.ts';
import { averagePool } from '../pool/averagePoolNode.ts';
import { type Interpolation, interpolationMatrix } from './interpolation.ts';

/**
 * Resize: nearest, linear and cubic, with every `coordinate_transformation_mode` but `tf_crop_and_resize`. Derivative:
 * the transposed interpolation, axis by axis; for whole enlargements by the nearest cell, sums over blocks.
 */
export const resizeOperator: Operator = {
  type: 'Resize',
  infer: (context) => {
    const x = context.inputs[0]!;
    const axes = resizedAxes(context);
    return [{ dtype: x.dtype, shape: x.shape.map((size, axis) => axes.get(axis)?.output ?? size) }];
  },
  gradient: (context, [dy]) => {
    const { builder: b, inputs } = context;
    const axes = [...resizedAxes(context).values()];
    const blocks = blockSizes(axes, inputs[0]!.shape);
    const dx =
      blocks === undefined
        ? axes.reduce((adjoint, axis) => applyTransposed(b, adjoint, axis), dy!)
        : mul(b, averagePool(b, dy!, { kernel: blocks, strides: blocks }), elementCount(blocks));
    return [dx, ...inputs.slice(1).map(() => undefined)];
  },
  evaluate: (context) => [[...resizedAxes(inferContextOf(context)).values()].reduce(apply, context.inputs[0]!)],
};

interface ResizedAxis {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  /** [output, input] */
  readonly matrix: Float64Array;
}

/** The axes that change. @throws `shape-mismatch`, `attribute-invalid` */
function resizedAxes(context: InferContext): ReadonlyMap<number, ResizedAxis> {
  const { node, inputs } = context;
  const { shape } = inputs[0]!;
  const rule = ruleOf(node);
  const axes = intsOf(node, 'axes', [...shape.keys()]).map((axis) => normalizeAxis(axis, shape.length));
  const scales = listOf(context, 2, axes.length);
  const sizes = listOf(context, 3, axes.length);
  if ((scales === undefined) === (sizes === undefined)) {
    throw new DatafreeError('shape-mismatch', 'Resize needs either scales or sizes.');
  }
  const kept =
    sizes &&
    keepRatio(
      node,
      sizes.map((size, i) => size / shape[axes[i]!]!),
    );
  const resized = new Map<number, ResizedAxis>();
  axes.forEach((axis, i) => {
    const input = shape[axis]!;
    const scale = Math.fround(kept?.[i] ?? scales?.[i] ?? sizes![i]! / input);
    const exact = Math.fround(scale * input);
    const output = kept !== undefined ? Math.round(exact) : scales !== undefined ? Math.floor(exact) : sizes![i]!;
    if (output < 1 || !Number.isFinite(output)) {
      throw new DatafreeError('shape-mismatch', `axis ${axis} of [${shape}] would be resized to ${output}.`);
    }
    if (output === input && scale === 1) return;
    resized.set(axis, { axis, input, output, matrix: interpolationMatrix(rule, input, output, scale) });
  });
  return resized;
}

function ruleOf(node: Node): Interpolation {
  return {
    mode: stringOf(node, 'mode', 'nearest'),
    coordinates: stringOf(node, 'coordinate_transformation_mode', 'half_pixel'),
    nearest: stringOf(node, 'nearest_mode', 'round_prefer_floor'),
    cubicCoefficient: floatOf(node, 'cubic_coeff_a', -0.75),
    excludeOutside: intOf(node, 'exclude_outside', 0) === 1,
    antialias: intOf(node, 'antialias', 0) === 1,
  };
}

/** The constant list at an input; undefined when it is left out or empty. */
function listOf({ inputs, constant }: InferContext, index: number, length: number): number[] | undefined {
  if (inputs[index] === undefined || inputs[index]?.shape[0] === 0) return undefined;
  const list = constant(index);
  const name = index === 2 ? 'scales' : 'sizes';
  if (list === undefined) throw new DatafreeError('shape-mismatch', `the ${name} are not constant.`);
  if (list.dims[0] === length) return Array.from(numbersOf(list));
  throw new DatafreeError('shape-mismatch', `${list.dims[0]} ${name} are given for ${length} axes.`);
}

/** One scale for all axes where `keep_aspect_ratio_policy` asks for it. */
function keepRatio(node: Node, scales: readonly number[]): number[] | undefined {
  const policy = stringOf(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return undefined;
  const scale = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales);
  return scales.map(() => scale);
}

/** The spatial block that each cell became, when that is all the resizing does. */
function blockSizes(axes: readonly ResizedAxis[], shape: readonly number[]): number[] | undefined {
  const blocks = shape.map(() => 1);
  for (const { axis, input, output, matrix } of axes) {
    const block = output / input;
    const repeats = Number.isInteger(block) && axis >= 2;
    if (!repeats || matrix.some((weight, i) => weight !== Number(Math.floor(i / input / block) === i % input))) {
      return undefined;
    }
    blocks[axis] = block;
  }
  return blocks.length > 2 ? blocks.slice(2) : undefined;
}

function applyTransposed(b: GraphBuilder, dy: Value, { axis, input, output, matrix }: ResizedAxis): Value {
  const outer = elementCount(dy.shape.slice(0, axis));
  const inner = elementCount(dy.shape.slice(axis + 1));
  const shape = [...dy.shape.slice(0, axis), input, ...dy.shape.slice(axis + 1)];
  if (inner === 1) {
    const map = b.constant(tensorOf(dy.dtype, [output, input], matrix));
    return reshape(b, matMul(b, reshape(b, dy, [outer, output]), map), shape);
  }
  const transposed = matrix.map((_, i) => matrix[(i % output) * input + Math.floor(i / output)]!);
  const map = b.constant(tensorOf(dy.dtype, [input, output], transposed));
  return reshape(b, matMul(b, map, reshape(b, dy, [outer, output, inner])), shape);
}

function apply(x: Tensor, { axis, input, output, matrix }: ResizedAxis): Tensor {
  const outer = elementCount(x.dims.slice(0, axis));
  const inner = elementCount(x.dims.slice(axis + 1));
  const data = numbersOf(x);
  const result = new Float64Array(outer * output * inner);
  for (let n = 0; n < outer; n++) {
    for (let o = 0; o < output; o++) {
      for (let i = 0; i < input; i++) {
        const weight = matrix[o * input + i]!;
        if (weight === 0) continue;
        for (let k = 0; k < inner; k++) {
          result[(n * output + o) * inner + k]! += weight * data[(n * input + i) * inner + k]!;
        }
      }
    }
  }
  return tensorOf(x.dtype, [...x.dims.slice(0, axis), output, ...x.dims.slice(axis + 1)], result);
}
