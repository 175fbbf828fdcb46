import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { inferContextOf, type Operator } from '../../graph/operator.ts';
import { scalarOf } from '../../tensor.ts';
import { gatherView } from '../layout/strides.ts';
import { contentOf } from './content.ts';

/** ConstantOfShape: one value (0 of type float32 when absent), as often as a shape says. */
export const constantOfShapeOperator: Operator = {
  type: 'ConstantOfShape',
  infer: (context) => [{ dtype: filling(context.node).dtype, shape: contentOf(context, 0, 'the shape') }],
  evaluate: (context) => {
    const shape = contentOf(inferContextOf(context), 0, 'the shape');
    return [
      gatherView(
        filling(context.node),
        shape,
        shape.map(() => 0),
      ),
    ];
  },
};

function filling(node: Node): Tensor {
  const value = node.attributes.value;
  if (value === undefined) return scalarOf('float32', 0);
  if (value.type === 'tensor') return value.value;
  throw new DatafreeError('attribute-invalid', `value of ConstantOfShape is of type ${value.type}, tensor is needed.`);
}
