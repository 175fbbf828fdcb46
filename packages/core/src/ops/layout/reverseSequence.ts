import { DatafreeError, type Tensor } from '@datafree/plugin';
import { intOf } from '../../graph/attributes.ts';
import type { Operator } from '../../graph/operator.ts';
import { numbersOf } from '../../tensor.ts';
import { allocateElements, elementsOf, rowMajorStrides, tensorOfElements } from './strides.ts';

/** ReverseSequence: the first `lengths[n]` entries of each sequence in reverse order. Derivative: itself. */
export const reverseSequenceOperator: Operator = {
  type: 'ReverseSequence',
  infer: ({ inputs }) => [inputs[0]!],
  gradient: ({ builder, node, inputs }, [dy]) => [
    builder.op('ReverseSequence', [dy, inputs[1]], node.attributes),
    undefined,
  ],
  evaluate: ({ node, inputs }) => {
    const [x, given] = inputs as [Tensor, Tensor];
    const batchAxis = intOf(node, 'batch_axis', 1);
    const timeAxis = intOf(node, 'time_axis', 0);
    const lengths = numbersOf(given);
    const strides = rowMajorStrides(x.dims);
    const source = elementsOf(x);
    const elements = allocateElements(x.dtype, source.length);
    for (let i = 0; i < source.length; i++) {
      const n = Math.floor(i / strides[batchAxis]!) % x.dims[batchAxis]!;
      const t = Math.floor(i / strides[timeAxis]!) % x.dims[timeAxis]!;
      const length = lengths[n] as number;
      if (length > x.dims[timeAxis]!) {
        throw new DatafreeError('shape-mismatch', `a sequence of length ${length} is longer than [${x.dims}].`);
      }
      const from = t < length ? i + (length - 1 - 2 * t) * strides[timeAxis]! : i;
      elements[i] = source[from] as number;
    }
    return [tensorOfElements(x.dtype, x.dims, elements)];
  },
};
