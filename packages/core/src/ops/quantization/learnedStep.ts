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
 * Quantisation with a step size that learns, `round(clip(x/step, low, high)) · step` (Esser et al. 2020, "Learned Step
 * Size Quantization"). The gradient to `x` is the adjoint inside the range and 0 outside and on its ends. The gradient to the step is
 * the adjoint times `round(x/step) − x/step` inside, `low` below and `high` above (equation 3 there), summed and
 * multiplied by `gradientScale`.
 *
 * @param step positive; of one element, or a vector along `axis`
 * @throws `shape-mismatch` when the step fits neither `x` nor its axis
 */
export function learnedStep(b: GraphBuilder, x: Value, step: Value, options: LearnedStepOptions): Value {
  const size = alongAxis(b, step, x, options.axis);
  // One division a step instead of one an element.
  const steps = mul(b, x, reciprocal(b, size));
  const clipped = clip(b, steps, options.low, options.high);
  const quantized = round(b, clipped);
  const y = mul(b, quantized, size);
  if (b.constantOf(y) !== undefined) return y;
  return b.setGradient(y, {
    inputs: [x, step],
    gradient: (dy, wanted) => {
      const inside = between(b, steps, options.low, options.high);
      const byStep = () => {
        const each = mul(b, dy, sub(b, quantized, mul(b, steps, inside)));
        return mul(b, reshape(b, unbroadcast(b, each, size.shape), step.shape), options.gradientScale);
      };
      return [wanted[0] ? mul(b, dy, inside) : undefined, wanted[1] ? byStep() : undefined];
    },
  });
}
