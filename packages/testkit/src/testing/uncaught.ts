import type { Check } from '../check.ts';

/** The titles of checks that no broken plugin of a table is caught by. */
export function uncaught(
  checks: readonly Check[],
  broken: readonly (readonly [string, unknown, readonly string[]])[],
  elsewhere: readonly string[] = [],
): string[] {
  const caught = new Set([...broken.flatMap(([, , titles]) => titles), ...elsewhere]);
  return [...new Set(checks.map(({ title }) => title))].filter((title) => !caught.has(title));
}
