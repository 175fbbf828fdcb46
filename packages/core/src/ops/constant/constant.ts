import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import type { Operator } from '../../graph/operator.ts';
import { int64Of, scalarOf, tensorOf } from '../../tensor.ts';

/** Constant, in all its forms but the sparse one. */
export const constantOperator: Operator = {
  type: 'Constant',
  infer: ({ node }) => {
    const { dtype, dims } = contentOfNode(node);
    return [{ dtype, shape: dims }];
  },
  evaluate: ({ node }) => [contentOfNode(node)],
};

function contentOfNode(node: Node): Tensor {
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if (name !== 'value' && !name.startsWith('value_')) continue;
    switch (attribute.type) {
      case 'tensor':
        return attribute.value;
      case 'float':
        return scalarOf('float32', attribute.value);
      case 'floats':
        return tensorOf('float32', [attribute.value.length], attribute.value);
      case 'int':
        return scalarOf('int64', attribute.value);
      case 'ints':
        return int64Of(attribute.value);
      case 'string':
        return { dtype: 'string', dims: [], data: [attribute.value] };
      case 'strings':
        return { dtype: 'string', dims: [attribute.value.length], data: attribute.value };
    }
  }
  throw new DatafreeError('attribute-invalid', `Constant "${node.name}" has no value, or a sparse one.`);
}
