import { int64Of, scalarOf, tensorOf } from '@datafree/core';
import { type Attribute, DatafreeError, type Tensor } from '@datafree/plugin';

/** The content of a Constant node. @throws `unsupported` for a sparse one, `attribute-invalid` for none */
export function constantContent(name: string, attributes: Readonly<Record<string, Attribute>>): Tensor {
  for (const [key, attribute] of Object.entries(attributes)) {
    if (key === 'value' && attribute.type === 'tensor') return attribute.value;
    if (key === 'value_float' && attribute.type === 'float') return scalarOf('float32', attribute.value);
    if (key === 'value_int' && attribute.type === 'int') return scalarOf('int64', attribute.value);
    if (key === 'value_floats' && attribute.type === 'floats') {
      return tensorOf('float32', [attribute.value.length], attribute.value);
    }
    if (key === 'value_ints' && attribute.type === 'ints') return int64Of(attribute.value);
    if (key === 'value_string' && attribute.type === 'string') {
      return { dtype: 'string', dims: [], data: [attribute.value] };
    }
    if (key === 'value_strings' && attribute.type === 'strings') {
      return { dtype: 'string', dims: [attribute.value.length], data: attribute.value };
    }
  }
  throw new DatafreeError('attribute-invalid', `Constant "${name}" has no value.`, { node: name, op: 'Constant' });
}
