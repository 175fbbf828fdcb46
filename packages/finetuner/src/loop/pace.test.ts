import { expect, it } from 'vitest';
import { paceFor, triedSteps } from './pace.ts';

/** A student whose losses are multiplied by what `worse` says of a pace, over batches that differ. */
function student(worse: (pace: number, step: number) => number) {
  const tried: number[] = [];
  const learn = async (pace: number) => {
    tried.push(pace);
    return Array.from({ length: triedSteps }, (_, step) => (1 + (step % 3)) * (pace === 0 ? 1 : worse(pace, step)));
  };
  return { tried, learn };
}

it('takes all of the rates where losses fall, or rise by chance only', async () => {
  for (const factor of [0.5, 1, 1.2]) {
    const { tried, learn } = student(() => factor);
    expect(await paceFor(learn)).toBe(1);
    expect(tried).toEqual([0, 1]);
  }
});

it('takes a third of them until losses are not much larger than those of a student that stays', async () => {
  const { tried, learn } = student((pace) => (pace > 0.2 ? 1.5 : 1.1));
  expect(await paceFor(learn)).toBeCloseTo(1 / 9, 6);
  expect(tried).toHaveLength(4);
});

it('does not count what happens in the first steps', async () => {
  const { learn } = student((_, step) => (step < triedSteps / 2 ? 5 : 0.9));
  expect(await paceFor(learn)).toBe(1);
});

it('ends, also where no loss is a number', async () => {
  const { tried, learn } = student(() => Number.NaN);
  expect(await paceFor(learn)).toBeCloseTo(1 / 81, 6);
  expect(tried).toHaveLength(5);
});
