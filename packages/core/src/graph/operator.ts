import { DatafreeError, type DType, type Node, type Tensor } from '@datafree/plugin';
import type { GraphBuilder } from './builder.ts';

/** Element type and concrete shape of a value. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A value inside a {@link GraphBuilder}. */
export interface Value extends TensorType {
  readonly name: string;
}

/** What a shape rule sees. */
export interface InferContext {
  readonly node: Node;
  /** Types of the inputs; undefined where an optional input is left out. */
  readonly inputs: readonly (TensorType | undefined)[];
  /** The content of an input that is constant. */
  constant(index: number): Tensor | undefined;
}

/** What a derivative sees. */
export interface GradientContext {
  readonly node: Node;
  /** Where the derivative is written. */
  readonly builder: GraphBuilder;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** For each input, whether its derivative is asked for. */
  readonly wanted: readonly boolean[];
  /** The content of an input that is constant. */
  constant(index: number): Tensor | undefined;
}

/** What a reference evaluation sees. */
export interface EvaluateContext {
  readonly node: Node;
  readonly inputs: readonly (Tensor | undefined)[];
}

/**
 * One ONNX operator: how shapes follow, how it differentiates, what it computes. An operator of your own is an object
 * of this type handed to {@link withOperators}.
 */
export interface Operator {
  /** Its ONNX name: "Conv". */
  readonly type: string;
  /** `''` (the default) for ai.onnx. */
  readonly domain?: string;
  /**
   * How many inputs it takes at least and at most; those beyond the least may be left out. Not checked when absent:
   * then `infer` sees whatever a node has.
   */
  readonly operands?: readonly [least: number, most: number];
  /** What its first input has to hold: floating-point numbers, or numbers of any type. Not checked when absent. */
  readonly elements?: 'floating' | 'numeric';
  /** Types of the outputs. @throws `shape-mismatch`, `attribute-invalid` */
  infer(context: InferContext): readonly TensorType[];
  /** Outputs that follow from the input types alone (Shape, Size). */
  known?(context: InferContext): readonly Tensor[] | undefined;
  /**
   * Writes the derivative: given the adjoint of each output (undefined where the loss does not depend on it), the
   * adjoint of each input. An input that has no derivative, or is not wanted, gets undefined.
   */
  gradient?(context: GradientContext, adjoints: readonly (Value | undefined)[]): readonly (Value | undefined)[];
  /**
   * The reference: plain loops over numbers. Floating-point outputs keep the element type of the inputs, so that
   * float64 inputs give a double-precision result. Used to fold constants and to check derivatives and runtimes.
   */
  evaluate?(context: EvaluateContext): readonly Tensor[];
  /** True when two applications to the same inputs may differ (random operators): never shared or folded. */
  readonly impure?: boolean;
  /** True when its constant operands are kept although its result follows from them: what runs it tells layers by it. */
  readonly unfolded?: boolean;
}

/** Operators by `domain:type`. */
export type OperatorSet = ReadonlyMap<string, Operator>;

/** The key of an operator in an {@link OperatorSet}. */
export function operatorKey(domain: string, type: string): string {
  return `${domain === 'ai.onnx' ? '' : domain}:${type}`;
}

/**
 * A new set: `base` with `operators` added; one of the same name replaces the old.
 *
 * @throws `option-invalid` for what is no set or no list, and for an operator without a `type` or an `infer`
 */
export function withOperators(base: OperatorSet, operators: readonly Operator[]): OperatorSet {
  if (!Array.isArray(operators) || !(base instanceof Map)) {
    throw new DatafreeError('option-invalid', 'Operators are added to a set of operators, as a list.', {
      path: 'operators',
      hint: 'Call withOperators(standardOperators, [yourOperator]).',
    });
  }
  operators.forEach((operator, i) => {
    const { type, infer } = operator ?? {};
    if (typeof type === 'string' && type !== '' && typeof infer === 'function') return;
    const lacking = typeof infer === 'function' ? 'type' : 'infer';
    throw new DatafreeError('option-invalid', `Operator ${i + 1} of those to be added has no \`${lacking}\`.`, {
      path: `${i}.${lacking}`,
      hint: 'An operator has at least its `type`, as graphs call it, and `infer`, its shape rule.',
    });
  });
  return new Map([...base, ...operators.map((op) => [operatorKey(op.domain ?? '', op.type), op] as const)]);
}

/** An evaluation seen as a shape rule sees it: every input has a known type and content. */
export function inferContextOf({ node, inputs }: EvaluateContext): InferContext {
  return {
    node,
    inputs: inputs.map((tensor) => tensor && { dtype: tensor.dtype, shape: tensor.dims }),
    constant: (index) => inputs[index],
  };
}
