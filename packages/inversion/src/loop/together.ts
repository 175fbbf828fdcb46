/** Values of a batch from which on its state is worth to be kept in the runtime: it is copied after each run. */
const large = 2 ** 20;

/** How many iterations of a batch of so many values are one run, where the runtime can repeat steps. */
export function iterationsTogether(values: number): number {
  return values < large ? 1 : 2;
}
