import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { pad } from './pad.ts';
import { reverse, slice } from './slice.ts';

/** Neighbouring positions whose indices go up by 1, go down by 1, or stay. */
interface IndexRun {
  /** The first position. */
  readonly position: number;
  readonly length: number;
  /** The index at the first position. */
  readonly index: number;
  readonly step: number;
}

/** Parts a list of indices into runs. */
export function indexRuns(indices: readonly number[]): IndexRun[] {
  const runs: IndexRun[] = [];
  indices.forEach((index, position) => {
    const last = runs.at(-1);
    const step = last && index - (last.index + (last.length - 1) * last.step);
    if (last !== undefined && last.length === 1 && Math.abs(step!) <= 1) {
      runs[runs.length - 1] = { ...last, length: 2, step: step! };
    } else if (last !== undefined && last.length > 1 && step === last.step) {
      runs[runs.length - 1] = { ...last, length: last.length + 1 };
    } else {
      runs.push({ position, length: 1, index, step: 1 });
    }
  });
  return runs;
}

/**
 * The transpose of taking elements along an axis by constant indices: position `i` of `x` is added to `indices[i]` of
 * the result. It is written with Slice, Pad and Add, a few nodes for each run of indices.
 */
export function scatterRuns(b: GraphBuilder, x: Value, axis: number, indices: readonly number[], size: number): Value {
  const parts = indexRuns(indices).map(({ position, length, index, step }) => {
    const whole = length === x.shape[axis];
    const cut = whole ? x : slice(b, x, { starts: [position], ends: [position + length], axes: [axis] });
    const part = step === 0 ? reduceSum(b, cut, [axis], true) : step < 0 ? reverse(b, cut, axis) : cut;
    const first = step < 0 ? index - length + 1 : index;
    const before = x.shape.map((_, k) => (k === axis ? first : 0));
    const after = x.shape.map((_, k) => (k === axis ? size - first - part.shape[axis]! : 0));
    return pad(b, part, [...before, ...after]);
  });
  return parts.reduce((sum, part) => add(b, sum, part));
}
