import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { sub } from '../ops/elementwise/sub.ts';
import type { StepProgram } from '../step/program.ts';
import { elementCount, tensorOf } from '../tensor.ts';
import type { Optimiser, Update } from './optimiser.ts';
import { requireBetween } from './settings.ts';
import { fromVector, joined } from './vector.ts';

/** Settings of {@link sgd}. */
export interface SgdOptions {
  readonly momentum?: number;
  /** Look ahead along the momentum (Nesterov). */
  readonly nesterov?: boolean;
  /** L2 decay, added to the gradient of parameters that ask for it. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum, element by element: `v ← µ·v + g`, `w ← w − rate·v`; with Nesterov's
 * `w ← w − rate·(g + µ·v)` (Sutskever et al. 2013, the rate outside of `v`).
 *
 * @throws `option-invalid`
 */
export function sgd(options: SgdOptions = {}): Optimiser {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options ?? {};
  requireBetween('sgd', { momentum }, 0, 1);
  requireBetween('sgd', { weightDecay }, 0);
  return {
    name: 'sgd',
    update(program: StepProgram, updates: readonly Update[], learningRate: Value): Value[] {
      const b = program.builder;
      const values = updates.map(({ value }) => value);
      const value = joined(b, values);
      const raw = joined(
        b,
        updates.map((update) => update.gradient),
      );
      const gradient =
        weightDecay > 0 ? add(b, raw, mul(b, value, b.constant(decays(updates, value.shape, weightDecay)))) : raw;
      const step = (direction: Value) => fromVector(b, sub(b, value, mul(b, direction, learningRate)), values);
      if (momentum === 0) return step(gradient);
      const before = program.state(`${program.unusedPrefix('sgd')}.velocity`, tensorOf('float32', value.shape, []));
      const velocity = add(b, mul(b, before, momentum), gradient);
      program.next(before, velocity);
      return step(nesterov ? add(b, gradient, mul(b, velocity, momentum)) : velocity);
    },
  };
}

/** The decay of each element, laid end to end under one shape. */
function decays(updates: readonly Update[], shape: readonly number[], weightDecay: number) {
  const each = updates.flatMap(({ value, decay = true }) =>
    new Array<number>(elementCount(value.shape)).fill(decay ? weightDecay : 0),
  );
  return tensorOf('float32', shape, each);
}
