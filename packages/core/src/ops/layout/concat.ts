import { DatafreeError, type Tensor } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, TensorType, Value } from '../../graph/operator.ts';
import { elementCount } from '../../tensor.ts';
import { normalizeAxis, withEntry } from './axis.ts';
import { slice } from './slice.ts';
import { split } from './split.ts';
import { allocateElements, copyView, elementsOf, rowMajorStrides, tensorOfElements } from './strides.ts';

/** Joins values along an axis, where their sizes add up; the other axes are the same (ONNX, "Concat"). */
export function concat(b: GraphBuilder, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? (values[0] as Value) : b.op('Concat', values, { axis: int(axis) });
}

/** Concat. Derivative: the adjoint, split. */
export const concatOperator: Operator = {
  type: 'Concat',
  infer: ({ node, inputs }) => {
    const types = inputs as readonly TensorType[];
    const { dtype, shape } = types[0]!;
    const axis = normalizeAxis(intOf(node, 'axis'), shape.length);
    for (const type of types) {
      if (type.dtype !== dtype || String(withEntry(type.shape, axis, 0)) !== String(withEntry(shape, axis, 0))) {
        throw new DatafreeError(
          'shape-mismatch',
          `${type.dtype} [${type.shape}] cannot be joined to ${dtype} [${shape}] along axis ${axis}.`,
        );
      }
    }
    const total = types.reduce((sum, type) => sum + type.shape[axis]!, 0);
    return [{ dtype, shape: withEntry(shape, axis, total) }];
  },
  gradient: ({ builder: b, node, inputs, wanted }, [dy]) => {
    const axis = normalizeAxis(intOf(node, 'axis'), dy!.shape.length);
    const sizes = inputs.map((input) => input!.shape[axis] as number);
    if (!wanted.includes(false)) return split(b, dy!, sizes, axis);
    let start = 0;
    return sizes.map((size, k) => {
      start += size;
      return wanted[k] ? slice(b, dy!, { starts: [start - size], ends: [start], axes: [axis] }) : undefined;
    });
  },
  evaluate: ({ node, inputs }) => {
    const parts = inputs as readonly Tensor[];
    const { dtype, dims } = parts[0]!;
    const axis = normalizeAxis(intOf(node, 'axis'), dims.length);
    const total = parts.reduce((sum, part) => sum + part.dims[axis]!, 0);
    const shape = withEntry(dims, axis, total);
    const elements = allocateElements(dtype, elementCount(shape));
    const strides = rowMajorStrides(shape);
    let start = 0;
    for (const part of parts) {
      copyView(
        part.dims,
        { elements: elementsOf(part), start: 0, strides: rowMajorStrides(part.dims) },
        { elements, start: start * strides[axis]!, strides },
      );
      start += part.dims[axis]!;
    }
    return [tensorOfElements(dtype, shape, elements)];
  },
};
