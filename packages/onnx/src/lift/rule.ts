import type { DType, Node, Tensor } from '@datafree/plugin';

/** What a rule sees besides the node. */
export interface LiftContext {
  /** The opset of ai.onnx that the node was written in. */
  readonly opset: number;
  /** Stores a constant under a name made from `stem`, and returns the name. */
  constant(stem: string, tensor: Tensor): string;
  /** A value name made from `stem` that nothing else has. */
  unused(stem: string): string;
  /** The content of a value that is an initializer. */
  constantOf(name: string | undefined): Tensor | undefined;
  /** Number of dimensions of a value, where the file says it. */
  rankOf(name: string | undefined): number | undefined;
  /** Element type of a value, where the file says it; float32 otherwise. */
  dtypeOf(name: string | undefined): DType;
}

/**
 * Says in opset 21 what a node of another opset means.
 *
 * @returns the nodes that take its place; the node itself when nothing changes
 * @throws `opset-unsupported` for what opset 21 cannot say
 */
export type LiftRule = (node: Node, context: LiftContext) => readonly Node[];

/** Rules by operator. */
export type LiftRules = Readonly<Record<string, LiftRule>>;

/** The node's name of the value at an input; undefined where it is left out. */
export function inputOf(node: Node, index: number): string | undefined {
  return node.inputs[index] === '' ? undefined : node.inputs[index];
}

/** A node with other inputs and attributes; inputs that are left out at the end are dropped. */
export function changed(node: Node, inputs: readonly (string | undefined)[], attributes = node.attributes): Node {
  return { ...node, inputs: trimmed(inputs), attributes };
}

/** A node of one output. */
export function write(
  op: string,
  inputs: readonly (string | undefined)[],
  output: string,
  attributes: Node['attributes'] = {},
): Node {
  return { op, domain: '', name: output, inputs: trimmed(inputs), outputs: [output], attributes };
}

function trimmed(inputs: readonly (string | undefined)[]): string[] {
  const names = inputs.map((name) => name ?? '');
  while (names.at(-1) === '') names.pop();
  return names;
}

/** The attributes but for the named ones. */
export function without(attributes: Node['attributes'], ...names: readonly string[]): Node['attributes'] {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}
