import { describe, expect, it } from 'vitest';
import { Patience } from './patience.ts';

/** The step after which a run ends. */
function end(patience: Patience, loss: (step: number) => number, from = 0): number {
  for (let step = from; step < 1000; step++) if (patience.observe(loss(step))) return step + 1;
  return 1000;
}

const falling = (step: number) => 1 / Math.min(step + 1, 230);

describe('Patience', () => {
  it('ends so many steps after the last average that was lower by a hundredth', () => {
    // The average of steps 200 to 249 is the last but one that falls: the next is 1/230 throughout.
    expect(end(new Patience(1000, 100), falling)).toBe(400);
    expect(end(new Patience(1000, 150), falling)).toBe(450);
    expect(end(new Patience(1000, 100), (step) => 1 / (step + 1))).toBe(1000);
  });

  it.each([50, 77, 310])('ends where it would have, taken up again after %i steps', (step) => {
    const before = new Patience(1000, 100);
    for (let i = 0; i < step; i++) before.observe(falling(i));
    const after = new Patience(1000, 100);
    after.resume(before.losses, step);
    expect(end(after, falling, step)).toBe(400);
  });
});
