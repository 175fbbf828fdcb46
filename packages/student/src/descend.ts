import {
  add,
  concat,
  differentiate,
  elementCount,
  expand,
  fromVector,
  mul,
  type Optimiser,
  type StepProgram,
  sub,
  toVector,
  type Value,
} from '@datafree/core';

/** States that learn at one rate. */
export interface RateGroup {
  readonly values: readonly Value[];
  /** Learning rate, a scalar. */
  readonly rate: Value;
}

/**
 * Writes the update of states along the gradient of a loss, each group with its own learning rate. One update serves
 * all: an optimiser's way is as long as its rate, so that a rate of its own is a factor on the way that a value goes.
 *
 * @throws `operator-no-gradient` naming the node
 */
export function descend(program: StepProgram, loss: Value, groups: readonly RateGroup[], optimiser: Optimiser): void {
  const b = program.builder;
  const values = groups.flatMap((group) => group.values);
  const gradients = differentiate(b, loss, values);
  const updates = values.map((value, i) => ({ value, gradient: gradients[i] as Value }));
  const next = optimiser.update(program, updates, b.scalar(1));
  const rates = groups
    .filter((group) => group.values.length > 0)
    .map((group) => expand(b, group.rate, [group.values.reduce((sum, { shape }) => sum + elementCount(shape), 0)]));
  const before = toVector(b, values);
  const each = rates.length === 1 ? (rates[0] as Value) : concat(b, rates, 0);
  const moved = add(b, before, mul(b, sub(b, toVector(b, next), before), each));
  fromVector(b, moved, values).forEach((value, i) => {
    program.next(values[i] as Value, value);
  });
}
