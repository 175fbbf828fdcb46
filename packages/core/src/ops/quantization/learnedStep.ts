import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { clip } from '../activation/clip.ts';
import { positive } from '../activation/positive.ts';
import { abs } from '../elementwise/abs.ts';
import { unbroadcast } from '../elementwise/broadcast.ts';
import { mul } from '../elementwise/mul.ts';
import { reciprocal } from '../elementwise/reciprocal.ts';
import { round } from '../elementwise/round.ts';
import { sub } from '../elementwise/sub.ts';
import { reshape } from '../layout/reshape.ts';
import { alongAxis } from './alongAxis.ts';

/** The grid of {@link learnedStep}. */
export interface LearnedStepOptions {
  /**
   * The smallest and the largest number of steps: −128 and 127; with a whole zero point `z`, `−z` and `255 − z`.
   */
  readonly low: number;
  readonly high: number;
  /** What the gradient to the step is multiplied with; the paper takes `1 / √(elements of x · high)`. */
  readonly gradientScale: number;
  /** The axis of `x` that a vector of steps runs along. */
  readonly axis?: number;
}

/**
 * Quantisation with a step size that learns, `round(clip(x/step, low, high)) · step` (Esser et al. 2020, "Learned Step
 * Size Quantization"). The gradient to `x` is the adjoint inside the range and 0 outside and on its ends. The gradient to the step is
 * the adjoint times `round(x/step) − x/step` inside, `low` below and `high` above (equation 3 there), summed and
 * multiplied by `gradientScale`.
 *
 * @param step positive; of one element, or a vector along `axis`
 * @throws `shape-mismatch` when the step fits neither `x` nor its axis
 */
export function learnedStep(b: GraphBuilder, x: Value, step: Value, options: LearnedStepOptions): Value {
  const { low, high, gradientScale } = options;
  const size = alongAxis(b, step, x, options.axis);
  // One division a step instead of one an element.
  const perSize = reciprocal(b, size);
  const y = mul(b, round(b, clip(b, mul(b, x, perSize), low, high)), size);
  if (b.constantOf(y) !== undefined) return y;
  return b.setGradient(y, {
    inputs: [low >= 0 ? beforeRelu(b, x) : x, step],
    // Written with x and y alone, so that a step keeps nothing else for its backward pass.
    gradient: (dy, wanted) => {
      const inside = insideOf(b, x, size, options);
      const byStep = () => {
        const each = mul(b, dy, sub(b, y, mul(b, x, inside)));
        const sum = mul(b, unbroadcast(b, each, size.shape), perSize);
        return mul(b, reshape(b, sum, step.shape), gradientScale);
      };
      return [wanted[0] ? mul(b, dy, inside) : undefined, wanted[1] ? byStep() : undefined];
    },
  });
}

/** 1 where `low < x / size < high`, else 0: by the distance from the middle of the range. */
function insideOf(b: GraphBuilder, x: Value, size: Value, { low, high }: LearnedStepOptions): Value {
  const middle = (low + high) / 2;
  const distance = abs(b, sub(b, x, mul(b, size, middle)));
  return positive(b, sub(b, mul(b, size, high - middle), distance));
}

/** What a Relu rectifies where `x` is its result: inside a range from 0 on its derivative is 1. */
function beforeRelu(b: GraphBuilder, x: Value): Value {
  const producer = b.producerOf(x);
  return producer?.node.op === 'Relu' && producer.node.domain === '' ? (producer.inputs[0] as Value) : x;
}
