import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { clip } from '../activation/clip.ts';
import { between } from '../activation/positive.ts';
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
 * Quantisation with a step size that learns, `round(clip(x/step, low, high)) · step`, of the shape of `x` (Esser et al.
 * 2020, "Learned Step Size Quantization"). The gradient to `x` is the adjoint inside the range and 0 outside and on its
 * ends. The gradient to the step is the adjoint times `round(x/step) − x/step` inside, `low` below and `high` above
 * (equation 3 there), summed over what shares it and multiplied by `gradientScale`.
 *
 * @param step positive; of one element, or a vector along `axis`
 * @throws `shape-mismatch` when the step fits neither `x` nor its axis
 */
export function learnedStep(b: GraphBuilder, x: Value, step: Value, options: LearnedStepOptions): Value {
  const { low, high, gradientScale } = options;
  // A range from 0 on rectifies by itself.
  const source = low >= 0 ? beforeRelu(b, x) : x;
  const size = alongAxis(b, step, source, options.axis);
  // One division a step instead of one an element.
  const perSize = reciprocal(b, size);
  const steps = mul(b, source, perSize);
  const y = mul(b, round(b, clip(b, steps, low, high)), size);
  if (b.constantOf(y) !== undefined) return y;
  const sum = (values: Value) => unbroadcast(b, values, size.shape);
  return b.setGradient(y, {
    inputs: [source, step],
    // Written with steps and y alone, so that nothing else is kept for the backward pass.
    gradient: (dy, wanted) => {
      const dx = mul(b, dy, between(b, steps, low, high));
      const byStep = () => {
        const ofRounded = mul(b, sum(mul(b, dy, y)), perSize);
        const each = sub(b, ofRounded, sum(mul(b, dx, steps)));
        return mul(b, reshape(b, each, step.shape), gradientScale);
      };
      return [wanted[0] ? dx : undefined, wanted[1] ? byStep() : undefined];
    },
  });
}

/** What a Relu rectifies where `x` is its result. */
function beforeRelu(b: GraphBuilder, x: Value): Value {
  const producer = b.producerOf(x);
  return producer?.node.op === 'Relu' && producer.node.domain === '' ? (producer.inputs[0] as Value) : x;
}
