import * as v from 'valibot';

/** A whole number from 1. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A finite number above 0. */
export const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** A finite number from 0. */
export const weight = v.pipe(v.number(), v.finite(), v.minValue(0));
