import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { div } from '../ops/elementwise/div.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { pow } from '../ops/elementwise/pow.ts';
import { sqrt } from '../ops/elementwise/sqrt.ts';
import { sub } from '../ops/elementwise/sub.ts';
import type { StepProgram } from '../step/program.ts';
import { elementCount, scalarOf, tensorOf } from '../tensor.ts';
import type { Optimiser, Update } from './optimiser.ts';

/** Settings of {@link adam}. */
export interface AdamOptions {
  /** Decay of the first moment. */
  readonly beta1?: number;
  /** Decay of the second moment. */
  readonly beta2?: number;
  /** Added to the root of the second moment. */
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba, 2015, algorithm 1), with bias correction. Defaults β = (0.9, 0.999), ε = 1e-8. */
export function adam(options: AdamOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name: 'adam',
    update(program: StepProgram, updates: readonly Update[], learningRate: Value): Value[] {
      const b = program.builder;
      const c = (value: number) => b.scalar(value);
      const before = program.state('adam.steps', scalarOf('float32', 0));
      const steps = add(b, before, c(1));
      program.next(before, steps);
      const correction1 = sub(b, c(1), pow(b, c(beta1), steps));
      const correction2 = sqrt(b, sub(b, c(1), pow(b, c(beta2), steps)));
      const rate = div(b, learningRate, correction1);
      return updates.map(({ name, value, gradient }) => {
        const zeros = tensorOf('float32', value.shape, new Float32Array(elementCount(value.shape)));
        const first = program.state(`adam.first.${name}`, zeros);
        const second = program.state(`adam.second.${name}`, zeros);
        const m = add(b, mul(b, first, c(beta1)), mul(b, gradient, c(1 - beta1)));
        const v = add(b, mul(b, second, c(beta2)), mul(b, mul(b, gradient, gradient), c(1 - beta2)));
        program.next(first, m);
        program.next(second, v);
        const deviation = add(b, div(b, sqrt(b, v), correction2), c(epsilon));
        return sub(b, value, mul(b, rate, div(b, m, deviation)));
      });
    },
  };
}
