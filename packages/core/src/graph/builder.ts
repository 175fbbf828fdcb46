import {
  type Attribute,
  type Attributes,
  DatafreeError,
  type DType,
  type Graph,
  type Node,
  type Tensor,
  type ValueInfo,
} from '@datafree/plugin';
import { standardOperators } from '../ops/index.ts';
import { elementCount, int64Of, scalarOf } from '../tensor.ts';
import { errorOf, typesOf, withNode } from './nodeErrors.ts';
import { type Operator, type OperatorSet, operatorKey, type TensorType, type Value } from './operator.ts';
import { prune } from './prune.ts';
import { requireOperands } from './requireOperands.ts';
import { kindOf, requireTensors, tensorFault, typeFault } from './wellFormed.ts';

/** The opset that graphs are written in; the ONNX reader lifts older and newer files to it. */
export const canonicalOpset = 21;

/** A node and the values around it. */
export interface Application {
  readonly node: Node;
  readonly operator: Operator;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
}

/** A derivative that replaces those of the nodes between `inputs` and the value it is set on. */
export interface CustomGradient {
  readonly inputs: readonly Value[];
  readonly gradient: (adjoint: Value, wanted: readonly boolean[]) => readonly (Value | undefined)[];
}

/** Options of {@link GraphBuilder.op}. */
export interface OpOptions {
  readonly attributes?: Attributes;
  /** Number of outputs; 1 when absent. */
  readonly outputs?: number;
  readonly domain?: string;
  /** The node's name; made from the operator when absent. */
  readonly name?: string;
}

/** Options of {@link GraphBuilder.inline}. */
export interface InlineOptions {
  /** Put before the names of the inlined nodes and values. */
  readonly prefix?: string;
  /** Initializers that become the given values instead: weights to be trained. */
  readonly replace?: ReadonlyMap<string, Value>;
  /** Only what these values need is inlined; the graph's outputs when absent. */
  readonly wanted?: readonly string[];
  /**
   * Writes a node in another way and returns its outputs: fake quantisation around a Conv, BatchNormalization in
   * training mode. A node for which it returns undefined is written as it is.
   */
  readonly rewrite?: (node: Node, inputs: readonly (Value | undefined)[]) => readonly Value[] | undefined;
}

/**
 * Writes a graph with concrete shapes node by node. Each operation is checked, typed, folded when its inputs are
 * constant, and shared with an equal one written before.
 */
export class GraphBuilder {
  readonly name: string;
  readonly operators: OperatorSet;
  #inputs: ValueInfo[] = [];
  #outputs: { readonly name: string; readonly value: Value }[] = [];
  #constants = new Map<string, Tensor>();
  #applications: Application[] = [];
  #producers = new Map<string, number>();
  #custom = new Map<string, CustomGradient>();
  #values = new Map<string, Value>();
  #shared = new Map<string, readonly Value[]>();
  /** The key in `#shared`, by the name of a value. */
  #sharedBy = new Map<string, string>();
  #interned = new Map<string, Value>();
  #nodeNames = new Set<string>();
  /** Names that inlined nodes have in the graph that they come from, where they are not the same. */
  #origins = new Map<string, string>();
  #counters = new Map<string, number>();

  constructor(options: { readonly name?: string; readonly operators?: OperatorSet } = {}) {
    this.name = options.name ?? 'graph';
    this.operators = options.operators ?? standardOperators;
  }

  /** Declares an input. @throws `model-invalid` when the name is taken, or there is no such type */
  input(name: string, dtype: DType, shape: readonly number[]): Value {
    refuse(name, typeFault(dtype, shape));
    const value = this.#register({ name, dtype, shape });
    this.#inputs.push({ name, dtype, shape });
    return value;
  }

  /**
   * A constant. Without a name, equal small constants are stored once.
   *
   * @throws `model-invalid` when the name is taken, or the data are not those of its type and shape
   */
  constant(tensor: Tensor, name?: string): Value {
    refuse(name ?? 'constant', tensorFault(tensor));
    const key = name === undefined ? constantKey(tensor) : undefined;
    const interned = key === undefined ? undefined : this.#interned.get(key);
    if (interned !== undefined) return interned;
    const value = this.#register({
      name: name ?? this.#unusedName('constant'),
      dtype: tensor.dtype,
      shape: tensor.dims,
    });
    this.#constants.set(value.name, tensor);
    if (key !== undefined) this.#interned.set(key, value);
    return value;
  }

  /** A constant of rank 0. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.constant(scalarOf(dtype, value));
  }

  /** A constant int64 vector: a shape, axes, pads. */
  int64(values: readonly number[]): Value {
    return this.constant(int64Of(values));
  }

  /** The content of a value that is constant. */
  constantOf(value: Value | undefined): Tensor | undefined {
    return value === undefined ? undefined : this.#constants.get(value.name);
  }

  /** A value by name. @throws `value-unknown` */
  value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) {
      throw new DatafreeError('value-unknown', `The graph has no value "${name}".`, { tensor: name });
    }
    return value;
  }

  /**
   * A value that is one of this builder.
   *
   * @param user what takes it, for the message
   * @throws `value-unknown` for one of another builder, and for what is no value
   */
  own(value: Value, user: string, op?: string): Value {
    const name: unknown = value?.name;
    if (typeof name !== 'string') throw noValue(user, value, op);
    if (this.#values.get(name) !== value) throw foreignValue(user, value, op);
    return value;
  }

  /** Applies an operator that has one output. @throws `operator-unknown`, `shape-mismatch`, `attribute-invalid` */
  op(type: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, domain = ''): Value {
    return this.apply(type, inputs, { attributes, domain })[0] as Value;
  }

  /**
   * Applies an operator.
   *
   * @throws `operator-unknown`, `shape-mismatch`, `attribute-invalid`, `value-unknown` for a value of another builder
   */
  apply(type: string, inputs: readonly (Value | undefined)[], options: OpOptions = {}): readonly Value[] {
    const domain = options.domain ?? '';
    const attributes = options.attributes ?? {};
    const count = options.outputs ?? 1;
    if (!Array.isArray(inputs)) throw noList(type, inputs);
    const fault = Object.entries(attributes).find(([, attribute]) => typeof attribute?.type !== 'string');
    if (fault !== undefined) throw noAttribute(type, ...fault);
    for (const input of inputs) if (input !== undefined) this.own(input, type, type);
    const names = inputs.map((input) => input?.name ?? '');
    const key = sharingKey(domain, type, names, attributes, count);
    const shared = key === undefined ? undefined : this.#shared.get(key);
    if (shared !== undefined) return shared;

    const nodeName = this.#unusedNodeName(options.name ?? type);
    const outputs = Array.from({ length: count }, (_, i) =>
      this.#unusedName(options.name === undefined ? type : nodeName, i),
    );
    const node: Node = { op: type, domain, name: nodeName, inputs: names, outputs, attributes };
    return this.#add(node, inputs, key);
  }

  /**
   * Makes a value a graph output, under its own name or another.
   *
   * @throws `model-invalid` when the name is taken, `value-unknown` for a value of another builder
   */
  output(value: Value, name: string = value?.name): void {
    this.own(value, 'The output');
    const taken = name !== value.name && this.#values.has(name);
    if (taken || this.#outputs.some((output) => output.name === name)) throw twoProducers(name);
    if (name !== value.name) this.#values.set(name, value);
    this.#outputs.push({ name, value });
  }

  /**
   * Writes another graph into this one with concrete shapes.
   *
   * @param inputs values for the graph's inputs, by name
   * @returns looks up the value that took the place of a named value of the graph
   * @throws `value-unknown` for an input that is not given, values of another builder, and replacements of what is no
   *   initializer; `shape-mismatch` for replacements of another type or shape
   */
  inline(graph: Graph, inputs: Readonly<Record<string, Value>>, options: InlineOptions = {}): (name: string) => Value {
    const prefix = options.prefix ?? '';
    const wanted = options.wanted ?? graph.outputs.map((output) => output.name);
    const inside = new Map<string, Value>();
    for (const { name } of graph.inputs) {
      const value = inputs[name];
      if (value !== undefined) inside.set(name, this.own(value, `Input "${name}" of graph "${graph.name}"`));
    }
    const needed = prune(graph, wanted);
    for (const [name, replacement] of options.replace ?? []) this.#checkReplacement(graph, name, replacement);
    for (const [name, tensor] of needed.initializers) {
      const replacement = options.replace?.get(name);
      inside.set(name, replacement ?? this.constant(tensor, this.#unusedName(prefix + name)));
    }
    const find = (name: string): Value => {
      const value = inside.get(name);
      if (value !== undefined) return value;
      throw new DatafreeError('value-unknown', `Graph "${graph.name}" has no value "${name}", or it was not given.`, {
        tensor: name,
      });
    };
    const bindOutputs = (node: Node, outputs: readonly Value[]): void => {
      node.outputs.forEach((name, i) => {
        const output = outputs[i];
        if (name !== '' && output !== undefined) inside.set(name, output);
      });
    };
    for (const node of needed.nodes) {
      const values = node.inputs.map((name) => (name === '' ? undefined : find(name)));
      const rewritten = options.rewrite?.(node, values);
      if (rewritten !== undefined) {
        bindOutputs(node, rewritten);
        continue;
      }
      const names = values.map((value) => value?.name ?? '');
      // A node that leaves out an output cannot stand in for one that has it.
      const complete = !node.outputs.includes('');
      const key = complete ? sharingKey(node.domain, node.op, names, node.attributes, node.outputs.length) : undefined;
      const shared = key === undefined ? undefined : this.#shared.get(key);
      const outputs =
        shared ??
        this.#add(
          {
            ...node,
            name: this.#inlinedName(prefix, node),
            inputs: names,
            outputs: node.outputs.map((name) => (name === '' ? '' : this.#unusedName(prefix + name))),
          },
          values,
          key,
        );
      bindOutputs(node, outputs);
    }
    return find;
  }

  /**
   * Sets a derivative of one's own for `value`, a function of `inputs`: straight-through estimators and the like.
   *
   * @returns the value to go on with: what is computed from it has that derivative
   */
  setGradient(value: Value, rule: CustomGradient): Value {
    for (const own of [value, ...rule.inputs]) this.own(own, 'A derivative of its own');
    const producer = this.producerOf(value);
    const alone = producer?.outputs.length === 1 && !this.#custom.has(value.name);
    const own = alone ? value : this.#identity(value);
    this.#custom.set(own.name, rule);
    // What is written like it from now on has the derivative of its operator.
    const key = this.#sharedBy.get(own.name);
    if (key !== undefined) this.#shared.delete(key);
    return own;
  }

  /** The derivative set on a value. */
  customGradientOf(value: Value): CustomGradient | undefined {
    return this.#custom.get(value.name);
  }

  /** The node that computes a value, with the values around it; undefined for inputs and constants. */
  producerOf(value: Value): Application | undefined {
    const index = this.#producers.get(value.name);
    return index === undefined ? undefined : this.#applications[index];
  }

  /** The name of a node as people know it: an inlined node has that of the graph that it comes from. */
  nameOf(node: string): string {
    return this.#origins.get(node) ?? node;
  }

  /** What has been written so far, in order. */
  get applications(): readonly Application[] {
    return this.#applications;
  }

  /** The graph: only what its outputs need. */
  build(): Graph {
    const renamed = new Map<string, string>();
    const copied: { name: string; value: Value }[] = [];
    for (const { name, value } of this.#outputs) {
      if (this.#producers.has(value.name) && !renamed.has(value.name)) renamed.set(value.name, name);
      else copied.push({ name, value });
    }
    for (const { name, value } of copied) {
      if (name !== value.name) continue;
      if (!this.#constants.has(name)) throw twoProducers(name);
      const free = this.#unusedName('constant');
      this.#values.set(free, value);
      renamed.set(name, free);
    }
    const rename = (name: string): string => renamed.get(name) ?? name;
    const nodes = this.#applications.map(({ node }) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
    const copies = copied.map(({ name, value }) => ({
      op: 'Identity',
      domain: '',
      name: this.#unusedNodeName('Identity'),
      inputs: [rename(value.name)],
      outputs: [name],
      attributes: {},
    }));
    return prune({
      name: this.name,
      opset: { '': canonicalOpset, ...this.#otherDomains() },
      inputs: this.#inputs,
      outputs: this.#outputs.map(({ name, value }) => ({ name, dtype: value.dtype, shape: value.shape })),
      initializers: new Map([...this.#constants].map(([name, tensor]) => [rename(name), tensor])),
      nodes: [...nodes, ...copies],
      metadata: new Map(),
    });
  }

  #add(node: Node, inputs: readonly (Value | undefined)[], key: string | undefined): readonly Value[] {
    const named = this.#named(node);
    const operator = this.operators.get(operatorKey(node.domain, node.op));
    if (operator === undefined) {
      throw errorOf(named, inputs, new DatafreeError('operator-unknown', 'the operator has no shape rule here.'));
    }
    withNode(named, inputs, () => requireOperands(operator, inputs));
    const constants = inputs.map((input) => this.constantOf(input));
    const context = { node: named, inputs, constant: (index: number) => constants[index] };
    const types = withNode(named, inputs, () => operator.infer(context));
    const known = operator.impure || operator.unfolded ? undefined : this.#fold(operator, inputs, constants, context);
    if (known !== undefined) {
      const values = known.map((tensor, i) =>
        node.outputs[i] === '' ? this.constant(tensor) : this.constant(tensor, node.outputs[i]),
      );
      if (key !== undefined) this.#shared.set(key, values);
      return values;
    }
    const outputs = node.outputs.map((name, i) => {
      const type = withNode(named, inputs, () => typeOf(types, i));
      return name === '' ? { name, ...type } : this.#register({ name, dtype: type.dtype, shape: type.shape });
    });
    const index = this.#applications.push({ node, operator, inputs, outputs }) - 1;
    for (const output of outputs) if (output.name !== '') this.#producers.set(output.name, index);
    if (key !== undefined && !operator.impure) {
      this.#shared.set(key, outputs);
      for (const output of outputs) this.#sharedBy.set(output.name, key);
    }
    return outputs;
  }

  #fold(
    operator: Operator,
    inputs: readonly (Value | undefined)[],
    constants: readonly (Tensor | undefined)[],
    context: Parameters<Operator['infer']>[0],
  ): readonly Tensor[] | undefined {
    const allConstant = inputs.every((input, i) => input === undefined || constants[i] !== undefined);
    return withNode(context.node, inputs, () => {
      const known = operator.known?.(context);
      if (known !== undefined) return requireTensors(known, 'known');
      if (operator.evaluate === undefined || !allConstant) return undefined;
      return requireTensors(operator.evaluate({ node: context.node, inputs: constants }), 'evaluate');
    });
  }

  /** A value in place of an initializer is one of this builder, and of the same type. */
  #checkReplacement(graph: Graph, name: string, value: Value): void {
    const what = `Initializer "${name}" of graph "${graph.name}"`;
    const tensor = graph.initializers.get(name);
    this.own(value, what);
    if (tensor === undefined) {
      throw new DatafreeError('value-unknown', `${what} is to be replaced, and there is none of that name.`, {
        tensor: name,
        hint: 'Name initializers of the graph: the keys of its `initializers`.',
      });
    }
    const [is, would] = [typesOf([{ dtype: tensor.dtype, shape: tensor.dims }]), typesOf([value])];
    if (is === would) return;
    throw new DatafreeError('shape-mismatch', `${what} is ${is}, and would be replaced by ${would}.`, {
      tensor: name,
      hint: 'Give a value of the same element type and shape.',
    });
  }

  #inlinedName(prefix: string, { name }: Node): string {
    const inside = this.#unusedNodeName(prefix + name);
    if (inside !== name) this.#origins.set(inside, name);
    return inside;
  }

  /** The node under the name that people know. */
  #named(node: Node): Node {
    return { ...node, name: this.nameOf(node.name) };
  }

  #identity(value: Value): Value {
    const operator = this.operators.get(':Identity') as Operator;
    const output = this.#register({ ...value, name: this.#unusedName('Identity') });
    const node: Node = {
      op: 'Identity',
      domain: '',
      name: this.#unusedNodeName('Identity'),
      inputs: [value.name],
      outputs: [output.name],
      attributes: {},
    };
    const index = this.#applications.push({ node, operator, inputs: [value], outputs: [output] }) - 1;
    this.#producers.set(output.name, index);
    return output;
  }

  #register(value: Value): Value {
    if (this.#values.has(value.name)) throw twoProducers(value.name);
    this.#values.set(value.name, value);
    return value;
  }

  #unusedName(stem: string, output = 0): string {
    const base = output === 0 ? stem : `${stem}.${output}`;
    return unused(base, (name) => this.#values.has(name), this.#counters, 'value');
  }

  #unusedNodeName(stem: string): string {
    const name = unused(stem, (candidate) => this.#nodeNames.has(candidate), this.#counters, 'node');
    this.#nodeNames.add(name);
    return name;
  }

  #otherDomains(): Record<string, number> {
    const domains = new Set(this.#applications.map(({ node }) => node.domain).filter((domain) => domain !== ''));
    return Object.fromEntries([...domains].map((domain) => [domain, 1]));
  }
}

function typeOf(types: readonly TensorType[] | undefined, output: number): TensorType {
  const type = types?.[output] ?? undefined;
  if (type === undefined) {
    throw new DatafreeError('shape-mismatch', `there is no output ${output}.`, {
      hint: 'Leave the output out, or let the `infer` of the operator give its type.',
    });
  }
  const fault = typeFault(type.dtype, type.shape);
  if (fault === undefined) return type;
  throw new DatafreeError('plugin-failed', `by its shape rule output ${output} ${fault}.`, {
    hint: 'Correct the `infer` of the operator: it gives an element type and a shape of whole numbers for each output.',
  });
}

function refuse(name: string, fault: string | undefined): void {
  if (fault === undefined) return;
  throw new DatafreeError('model-invalid', `"${name}" ${fault}.`, {
    tensor: name,
    hint: 'Make tensors with tensorOf; a shape is a list of whole numbers.',
  });
}

function noList(op: string, given: unknown): DatafreeError {
  return new DatafreeError('value-unknown', `${op} is given ${kindOf(given)} where it takes a list of values.`, {
    op,
    hint: 'Give the inputs as a list: [x, w], with undefined for one that is left out.',
  });
}

function noAttribute(op: string, name: string, given: unknown): DatafreeError {
  return new DatafreeError(
    'attribute-invalid',
    `The attribute "${name}" of ${op} is ${kindOf(given)} without a type.`,
    {
      op,
      hint: `Make it as { ${name}: attribute.int(…) }, or leave it out: \`attribute.attributes\` drops what is undefined.`,
    },
  );
}

function noValue(user: string, given: unknown, op: string | undefined): DatafreeError {
  return new DatafreeError('value-unknown', `${user} is given ${kindOf(given)}, which is no value of a graph.`, {
    op,
    hint: 'Values come from `input`, `constant`, `scalar`, `op` and `inline` of a GraphBuilder: make one of a number with `scalar`.',
  });
}

function foreignValue(user: string, { name }: Value, op: string | undefined): DatafreeError {
  return new DatafreeError('value-unknown', `${user} is given "${name}", which is no value of this builder.`, {
    op,
    tensor: name,
    hint: 'Write a graph with the values of one GraphBuilder; `inline` brings another graph into it.',
  });
}

function twoProducers(name: string): DatafreeError {
  return new DatafreeError('model-invalid', `The value "${name}" would have two producers.`, {
    tensor: name,
    hint: 'Give it a name of its own.',
  });
}

function unused(
  stem: string,
  taken: (name: string) => boolean,
  counters: Map<string, number>,
  kind: 'value' | 'node',
): string {
  if (stem !== '' && !taken(stem)) return stem;
  const key = `${kind} ${stem}`;
  for (let n = counters.get(key) ?? 1; ; n++) {
    const name = `${stem}_${n}`;
    if (!taken(name)) {
      counters.set(key, n + 1);
      return name;
    }
  }
}

const internedElements = 64;

function constantKey(tensor: Tensor): string | undefined {
  if (elementCount(tensor.dims) > internedElements) return undefined;
  return `${tensor.dtype}[${tensor.dims}]${Array.from(tensor.data as ArrayLike<unknown>, (v) => (Object.is(v, -0) ? '-0' : String(v)))}`;
}

/** JSON has no infinities, no NaN and one zero. */
function exactly(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `${1 / value} ${value}`
    : value;
}

function sharingKey(
  domain: string,
  type: string,
  inputs: readonly string[],
  attributes: Attributes,
  outputs: number,
): string | undefined {
  const parts: string[] = [];
  for (const name of Object.keys(attributes).sort()) {
    const attribute = attributes[name] as Attribute;
    if (attribute.type === 'tensor' || attribute.type === 'graph') return undefined;
    parts.push(`${name}=${attribute.type}:${JSON.stringify(attribute.value, exactly)}`);
  }
  return `${domain}:${type}/${outputs}(${JSON.stringify(inputs)}){${parts}}`;
}
