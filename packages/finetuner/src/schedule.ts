import { constantRate, cosineRate, type Schedule } from '@datafree/inversion';

/**
 * The paper's schedule: an eighth of the steps rises as half a cosine, three sixteenths hold, a half falls as another to
 * a hundredth, the rest stays there.
 */
const staggered: Schedule = (steps) => {
  const rise = steps / 8;
  const hold = rise + (3 * steps) / 16;
  const fall = hold + steps / 2;
  return (step) => {
    if (step < rise) return 0.5 * (1 - Math.cos((Math.PI * (step + 1)) / rise));
    if (step < hold) return 1;
    if (step >= fall) return 0.01;
    return 0.01 + 0.99 * 0.5 * (1 + Math.cos((Math.PI * (step - hold)) / (fall - hold)));
  };
};

/** The schedules of the learning rates, by their option. */
export const schedules = {
  constant: constantRate,
  cosine: cosineRate({ warmUp: 0.05 }),
  staggered,
} satisfies Record<string, Schedule>;
