import { type Attribute, type Attributes, DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { hints } from './hints.ts';

/** Makes an integer attribute. */
export const int = (value: number): Attribute => ({ type: 'int', value });
/** Makes a float attribute. */
export const float = (value: number): Attribute => ({ type: 'float', value });
/** Makes a string attribute. */
export const string = (value: string): Attribute => ({ type: 'string', value });
/** Makes an attribute that lists integers. */
export const ints = (value: readonly number[]): Attribute => ({ type: 'ints', value });
/** Makes an attribute that lists floats. */
export const floats = (value: readonly number[]): Attribute => ({ type: 'floats', value });
/** Makes a tensor attribute. */
export const tensor = (value: Tensor): Attribute => ({ type: 'tensor', value });

/** Leaves out the attributes that are undefined. */
export function attributes(values: Readonly<Record<string, Attribute | undefined>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Attribute] => entry[1] !== undefined),
  );
}

type Tag = Attribute['type'];
type ValueOf<T extends Tag> = Extract<Attribute, { type: T }>['value'];

function read<T extends Tag>(node: Node, name: string, type: T, fallback?: ValueOf<T>): ValueOf<T> {
  const attribute = node.attributes[name];
  if (attribute === undefined) {
    if (fallback !== undefined) return fallback;
    throw new DatafreeError('attribute-invalid', `${node.op} "${node.name}" lacks its attribute ${name}.`, {
      node: node.name,
      op: node.op,
      hint: hints['attribute-invalid'],
    });
  }
  if (attribute.type !== type) {
    throw new DatafreeError(
      'attribute-invalid',
      `${node.op} "${node.name}": attribute ${name} is of type ${attribute.type}, ${type} is needed.`,
      { node: node.name, op: node.op, hint: hints['attribute-invalid'] },
    );
  }
  return attribute.value as ValueOf<T>;
}

/** Reads an integer attribute. @throws `attribute-invalid` when it is missing without fallback or of another type */
export const intOf = (node: Node, name: string, fallback?: number): number => read(node, name, 'int', fallback);
/** Reads a float attribute. @throws `attribute-invalid` */
export const floatOf = (node: Node, name: string, fallback?: number): number => read(node, name, 'float', fallback);
/** Reads a string attribute. @throws `attribute-invalid` */
export const stringOf = (node: Node, name: string, fallback?: string): string => read(node, name, 'string', fallback);
/** Reads a list of integers. @throws `attribute-invalid` */
export const intsOf = (node: Node, name: string, fallback?: readonly number[]): readonly number[] =>
  read(node, name, 'ints', fallback);
/** Reads a list of floats. @throws `attribute-invalid` */
export const floatsOf = (node: Node, name: string, fallback?: readonly number[]): readonly number[] =>
  read(node, name, 'floats', fallback);
