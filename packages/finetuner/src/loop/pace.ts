/** Steps that a pace is tried in; the second half of them counts. */
export const triedSteps = 12;
/** How many times as large losses may become, on average: more is no chance. */
const tolerated = 1.25;
/** What a pace that is too fast is divided by. */
const slower = 3;
/** The slowest pace is this often divided. */
const most = 4;

/**
 * The part of its rates that a student can learn at: all, a third, a ninth, down to an eighty-first. Each is tried from
 * the beginning, without a slow start, until losses are not much larger than those of a student that stays as it is, on
 * the same batches: a network that is near its teacher already, or has few weights a channel, is thrown back by a first
 * dozen steps from which others gain.
 *
 * @param learn takes the first {@link triedSteps} steps at a part of the rates and gives their losses
 */
export async function paceFor(learn: (pace: number) => Promise<readonly number[]>): Promise<number> {
  const half = triedSteps >> 1;
  const sum = (losses: readonly number[]) => losses.slice(-half).reduce((total, loss) => total + loss, 0);
  const still = sum(await learn(0));
  let pace = 1;
  for (let divided = 0; divided < most; divided++) {
    if (sum(await learn(pace)) <= tolerated * still) break;
    pace = Math.fround(pace / slower);
  }
  return pace;
}
