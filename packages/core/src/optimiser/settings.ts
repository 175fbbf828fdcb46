import { DatafreeError } from '@datafree/plugin';

/** Refuses settings that are not from `least` to below `limit`. @throws `option-invalid` */
export function requireBetween(
  optimiser: string,
  settings: Readonly<Record<string, number>>,
  least: number,
  limit = Number.POSITIVE_INFINITY,
): void {
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && value >= least && value < limit) continue;
    throw new DatafreeError('option-invalid', `The setting "${name}" of ${optimiser} is ${JSON.stringify(value)}.`, {
      path: name,
      hint: `Give a number from ${least === Number.MIN_VALUE ? 'above 0' : least}${limit === Number.POSITIVE_INFINITY ? '' : ` to below ${limit}`}.`,
    });
  }
}
