import {
  add,
  concat,
  differentiate,
  elementCount,
  expand,
  fromVector,
  type GraphBuilder,
  mul,
  type Optimiser,
  type StepProgram,
  sub,
  tensorOf,
  toVector,
  type Value,
} from '@datafree/core';

/** States that learn at one rate. */
export interface RateGroup {
  readonly values: readonly Value[];
  /** Learning rate, a scalar. */
  readonly rate: Value;
  /** What the rate counts in, for each element of each value; 1 when absent. */
  readonly units?: readonly Float32Array[] | undefined;
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
  const rates = groups.filter((group) => group.values.length > 0).map((group) => ratesOf(b, group));
  const before = toVector(b, values);
  const each = rates.length === 1 ? (rates[0] as Value) : concat(b, rates, 0);
  const moved = add(b, before, mul(b, sub(b, toVector(b, next), before), each));
  fromVector(b, moved, values).forEach((value, i) => {
    program.next(values[i] as Value, value);
  });
}

/** The rate of each element of a group. */
function ratesOf(b: GraphBuilder, { values, rate, units }: RateGroup): Value {
  const size = values.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (units === undefined) return expand(b, rate, [size]);
  const all = new Float32Array(size);
  let at = 0;
  for (const own of units) {
    all.set(own, at);
    at += own.length;
  }
  return mul(b, b.constant(tensorOf('float32', [size], all)), rate);
}
