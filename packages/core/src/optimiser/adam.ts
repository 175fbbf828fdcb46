import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { div } from '../ops/elementwise/div.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { pow } from '../ops/elementwise/pow.ts';
import { sqrt } from '../ops/elementwise/sqrt.ts';
import { sub } from '../ops/elementwise/sub.ts';
import type { StepProgram } from '../step/program.ts';
import { scalarOf, tensorOf } from '../tensor.ts';
import type { Optimiser, Update } from './optimiser.ts';
import { requireBetween } from './settings.ts';
import { fromVector, joined } from './vector.ts';

/** Settings of {@link adam}. */
export interface AdamOptions {
  /** Decay of the first moment. */
  readonly beta1?: number;
  /** Decay of the second moment. */
  readonly beta2?: number;
  /** Added to the root of the second moment. */
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba, 2015, algorithm 1), with bias correction. Defaults β = (0.9, 0.999), ε = 1e-8. @throws `option-invalid` */
export function adam(options: AdamOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options ?? {};
  requireBetween('adam', { beta1, beta2 }, 0, 1);
  requireBetween('adam', { epsilon }, Number.MIN_VALUE);
  return {
    name: 'adam',
    update(program: StepProgram, updates: readonly Update[], learningRate: Value): Value[] {
      const b = program.builder;
      const values = updates.map(({ value }) => value);
      const value = joined(b, values);
      const gradient = joined(
        b,
        updates.map((update) => update.gradient),
      );
      const prefix = program.unusedPrefix('adam');
      const before = program.state(`${prefix}.steps`, scalarOf('float32', 0));
      const steps = add(b, before, 1);
      program.next(before, steps);
      const correction1 = sub(b, 1, pow(b, b.scalar(beta1), steps));
      const correction2 = sqrt(b, sub(b, 1, pow(b, b.scalar(beta2), steps)));
      // The moments are held without their factors 1 − β, which are put on scalars: fewer passes over all values.
      const first = program.state(`${prefix}.first`, tensorOf('float32', value.shape, []));
      const second = program.state(`${prefix}.second`, tensorOf('float32', value.shape, []));
      const m = add(b, mul(b, first, beta1), gradient);
      const v = add(b, mul(b, second, beta2), mul(b, gradient, gradient));
      program.next(first, m);
      program.next(second, v);
      // √((1 − β₂) v) / correction₂ + ε = (√v + ε / unit) · unit
      const unit = div(b, Math.sqrt(1 - beta2), correction2);
      const deviation = add(b, sqrt(b, v), div(b, epsilon, unit));
      const rate = div(b, mul(b, learningRate, 1 - beta1), mul(b, correction1, unit));
      return fromVector(b, sub(b, value, mul(b, rate, div(b, m, deviation))), values);
    },
  };
}
