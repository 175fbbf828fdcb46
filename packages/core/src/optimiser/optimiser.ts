import type { Value } from '../graph/operator.ts';
import type { StepProgram } from '../step/program.ts';

/** A tensor to be updated along its gradient. */
export interface Update {
  readonly value: Value;
  readonly gradient: Value;
  /** False exempts it from weight decay. */
  readonly decay?: boolean;
}

/** Writes update rules into a step: declares the state it needs and returns the new value of each tensor. */
export interface Optimiser {
  readonly name: string;
  /** @param learningRate a scalar, so that a schedule can feed it */
  update(program: StepProgram, updates: readonly Update[], learningRate: Value): Value[];
}
