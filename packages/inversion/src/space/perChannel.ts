/** One value a channel, from a list of one entry a channel, or of one entry (or a number) for all. */
export function perChannel(values: number | readonly number[], channels: number): number[] {
  const list = typeof values === 'number' ? [values] : values;
  return Array.from({ length: channels }, (_, c) => list[c] ?? (list[0] as number));
}
