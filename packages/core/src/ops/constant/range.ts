import { DatafreeError } from '@datafree/plugin';
import { type InferContext, inferContextOf, type Operator } from '../../graph/operator.ts';
import { tensorOf } from '../../tensor.ts';
import { contentOf } from './content.ts';

/** Range: the numbers from a start, by steps, up to a limit that is not reached. */
export const rangeOperator: Operator = {
  type: 'Range',
  infer: (context) => [{ dtype: context.inputs[0]!.dtype, shape: [sequence(context).length] }],
  evaluate: (context) => {
    const numbers = sequence(inferContextOf(context));
    return [tensorOf(context.inputs[0]!.dtype, [numbers.length], numbers)];
  },
};

function sequence(context: InferContext): number[] {
  const [start, limit, delta] = [0, 1, 2].map((index) => contentOf(context, index, 'a range')[0]!) as [
    number,
    number,
    number,
  ];
  if (delta === 0) throw new DatafreeError('attribute-invalid', 'a range has the step 0.');
  return Array.from({ length: Math.max(0, Math.ceil((limit - start) / delta)) }, (_, i) => start + i * delta);
}
