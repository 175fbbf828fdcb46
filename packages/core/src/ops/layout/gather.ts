import type { Node, Tensor } from '@datafree/plugin';
import { int, intOf, string } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { GradientContext, Operator, TensorType, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { fromFront, normalizeAxis } from './axis.ts';
import { int64Indices } from './indexing.ts';
import { indexRuns, scatterRuns } from './indexRuns.ts';
import { reshape } from './reshape.ts';
import { allocateElements, elementsOf, tensorOfElements } from './strides.ts';
import { transpose } from './transpose.ts';

/**
 * Takes elements along an axis: the axes of `indices` stand in place of it (ONNX, "Gather"). Negative indices count
 * from the end.
 */
export function gather(b: GraphBuilder, x: Value, indices: Value, axis = 0): Value {
  return b.op('Gather', [x, indices], { axis: int(axis) });
}

/** Gather. Derivative: the adjoint, added up where it was taken from. */
export const gatherOperator: Operator = {
  type: 'Gather',
  infer: ({ node, inputs: [x, indices] }) => [
    { dtype: x!.dtype, shape: gatheredShape(x!.shape, indices!.shape, axisOf(node, x!.shape)) },
  ],
  gradient: (context, [dy]) => [scatterBack(context, dy!), undefined],
  evaluate: ({ node, inputs }) => {
    const [x, indices] = inputs as [Tensor, Tensor];
    const axis = axisOf(node, x.dims);
    const size = x.dims[axis]!;
    const inner = elementCount(x.dims.slice(axis + 1));
    const outer = elementCount(x.dims.slice(0, axis));
    const shape = gatheredShape(x.dims, indices.dims, axis);
    const source = elementsOf(x);
    const elements = allocateElements(x.dtype, elementCount(shape));
    const picked = Array.from(numbersOf(indices), (index) => fromFront(index, size));
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (const index of picked) {
        const start = (o * size + index) * inner;
        for (let i = 0; i < inner; i++) elements[at++] = source[start + i] as number;
      }
    }
    return [tensorOfElements(x.dtype, shape, elements)];
  },
};

/** More runs of constant indices than this are scattered rather than padded and added. */
const mostRuns = 8;

function scatterBack(context: GradientContext, dy: Value): Value {
  const { builder: b, node, inputs, constant } = context;
  const [x, indices] = inputs as [Value, Value];
  const axis = axisOf(node, x.shape);
  const size = x.shape[axis]!;
  const count = elementCount(indices.shape);
  // The axes of the indices become one, in place of the axis that was gathered along.
  const flat = reshape(b, dy, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)]);
  const known = constant(1);
  const picked = known && Array.from(numbersOf(known), (index) => fromFront(index, size));
  if (picked !== undefined && count > 0 && indexRuns(picked).length <= mostRuns) {
    return scatterRuns(b, flat, axis, picked, size);
  }
  const front = [axis, ...x.shape.flatMap((_, k) => (k === axis ? [] : [k]))];
  const zeros = b.constant(
    tensorOf(
      x.dtype,
      front.map((k) => x.shape[k]!),
      [],
    ),
  );
  const sum = b.op('ScatterND', [zeros, reshape(b, int64Indices(b, indices), [count, 1]), transpose(b, flat, front)], {
    reduction: string('add'),
  });
  return transpose(
    b,
    sum,
    front.map((_, k) => front.indexOf(k)),
  );
}

function axisOf(node: Node, shape: TensorType['shape']): number {
  return normalizeAxis(intOf(node, 'axis', 0), shape.length);
}

function gatheredShape(shape: readonly number[], indices: readonly number[], axis: number): number[] {
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
}
