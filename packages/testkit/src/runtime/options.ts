import type { Runtime } from '@datafree/plugin';
import { must, refusal } from '../expectation.ts';

/** Makes a runtime from its options. */
export type RuntimeFactory = (options: never) => Runtime;

/**
 * The check that a factory refuses what is no option of it, and NaN as any of its options, with the path.
 *
 * @param options those that the runtime is made with
 */
export async function mustRefuseWrongOptions(
  factory: RuntimeFactory,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const create = factory as unknown as (options: object) => Runtime;
  for (const name of ['noSuchOption', ...Object.keys(options)]) {
    const what = `NaN as the option "${name}"`;
    const error = await refusal(what, () => create({ ...options, [name]: Number.NaN }), ['option-invalid']);
    must(error.path?.split('.')[0] === name, `${what} is refused with the path "${error.path}"`);
  }
}
