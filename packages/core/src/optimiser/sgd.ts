import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { sub } from '../ops/elementwise/sub.ts';
import type { StepProgram } from '../step/program.ts';
import { elementCount, tensorOf } from '../tensor.ts';
import type { Optimiser, Update } from './optimiser.ts';

/** Settings of {@link sgd}. */
export interface SgdOptions {
  readonly momentum?: number;
  /** Look ahead along the momentum (Nesterov). */
  readonly nesterov?: boolean;
  /** L2 decay, added to the gradient of parameters that ask for it. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent with momentum: `v ← µ·v + g`, `w ← w − rate·v` (Nesterov: `w ← w − rate·(g + µ·v)`). */
export function sgd(options: SgdOptions = {}): Optimiser {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  return {
    name: 'sgd',
    update(program: StepProgram, updates: readonly Update[], learningRate: Value): Value[] {
      const b = program.builder;
      const c = (value: number) => b.scalar(value);
      return updates.map(({ name, value, gradient: raw, decay = true }) => {
        const gradient = weightDecay > 0 && decay ? add(b, raw, mul(b, value, c(weightDecay))) : raw;
        if (momentum === 0) return sub(b, value, mul(b, gradient, learningRate));
        const zeros = tensorOf('float32', value.shape, new Float32Array(elementCount(value.shape)));
        const before = program.state(`sgd.velocity.${name}`, zeros);
        const velocity = add(b, mul(b, before, c(momentum)), gradient);
        program.next(before, velocity);
        const direction = nesterov ? add(b, gradient, mul(b, velocity, c(momentum))) : velocity;
        return sub(b, value, mul(b, direction, learningRate));
      });
    },
  };
}
