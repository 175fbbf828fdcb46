import { attribute } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { type Kernel, type KernelContext, type Kernels, storageOf, type TfjsLibrary } from './kernel.ts';

type Unary = (x: Tensor) => Tensor;
type Binary = (left: Tensor, right: Tensor) => Tensor;

const unary =
  (of: (tf: TfjsLibrary) => Unary): Kernel =>
  ({ tf, input }) =>
    of(tf)(input(0));

const binary =
  (of: (tf: TfjsLibrary) => Binary): Kernel =>
  ({ tf, input }) =>
    of(tf)(input(0), input(1));

/** Applies a function of two arguments to any number of inputs, from the left. */
const folded =
  (of: (tf: TfjsLibrary) => Binary): Kernel =>
  ({ tf, types, input }) =>
    types.map((_, i) => input(i)).reduce((left, right) => of(tf)(left, right));

/** Division; that of integers rounds towards zero. */
const div: Kernel = (context) => {
  const { tf, input } = context;
  if (isReal(context)) return tf.div(input(0), input(1));
  const sign = tf.mul(tf.sign(input(0)), tf.sign(input(1)));
  return tf.mul(sign, tf.floorDiv(tf.abs(input(0)), tf.abs(input(1))));
};

/** The remainder: with the sign of the divisor, or with that of the dividend (`fmod`). */
const mod: Kernel = ({ tf, node, input }) => {
  if (attribute.intOf(node, 'fmod', 0) === 0) return tf.mod(input(0), input(1));
  return tf.mul(tf.sign(input(0)), tf.mod(tf.abs(input(0)), tf.abs(input(1))));
};

const mean: Kernel = (context) => context.tf.div(folded((tf) => tf.add)(context) as Tensor, context.types.length);

/** `where` of a broadcast condition. */
const where: Kernel = ({ tf, input, outputs }) => {
  const shape = [...outputs[0]!.shape];
  return tf.where(tf.broadcastTo(input(0), shape), tf.broadcastTo(input(1), shape), tf.broadcastTo(input(2), shape));
};

/** Infinity, of one sign or both. */
const isInf: Kernel = ({ tf, node, input }) => {
  const positive = tf.equal(input(0), Number.POSITIVE_INFINITY);
  const negative = tf.equal(input(0), Number.NEGATIVE_INFINITY);
  if (attribute.intOf(node, 'detect_negative', 1) === 0) return positive;
  return attribute.intOf(node, 'detect_positive', 1) === 0 ? negative : tf.logicalOr(positive, negative);
};

/** A power; the exponent may be of another type. */
const pow: Kernel = ({ tf, input }) => tf.pow(input(0), tf.cast(input(1), input(0).dtype as 'float32'));

function isReal({ outputs }: KernelContext): boolean {
  return storageOf(outputs[0]!.dtype) === 'float32';
}

/** Operators that work element by element. */
export const elementwiseKernels: Kernels = {
  Abs: unary((tf) => tf.abs),
  Neg: unary((tf) => tf.neg),
  Sqrt: unary((tf) => tf.sqrt),
  Exp: unary((tf) => tf.exp),
  Log: unary((tf) => tf.log),
  Erf: unary((tf) => tf.erf),
  Reciprocal: unary((tf) => tf.reciprocal),
  Sign: unary((tf) => tf.sign),
  Floor: unary((tf) => tf.floor),
  Ceil: unary((tf) => tf.ceil),
  Round: unary((tf) => tf.round),
  Sin: unary((tf) => tf.sin),
  Cos: unary((tf) => tf.cos),
  Not: unary((tf) => tf.logicalNot),
  IsNaN: unary((tf) => tf.isNaN),
  IsInf: isInf,
  Add: binary((tf) => tf.add),
  Sub: binary((tf) => tf.sub),
  Mul: binary((tf) => tf.mul),
  Div: div,
  Mod: mod,
  Pow: pow,
  Equal: binary((tf) => tf.equal),
  Greater: binary((tf) => tf.greater),
  GreaterOrEqual: binary((tf) => tf.greaterEqual),
  Less: binary((tf) => tf.less),
  LessOrEqual: binary((tf) => tf.lessEqual),
  And: binary((tf) => tf.logicalAnd),
  Or: binary((tf) => tf.logicalOr),
  Xor: binary((tf) => tf.notEqual),
  Min: folded((tf) => tf.minimum),
  Max: folded((tf) => tf.maximum),
  Sum: folded((tf) => tf.add),
  Mean: mean,
  Where: where,
};
