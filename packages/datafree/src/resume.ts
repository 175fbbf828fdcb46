import { DatafreeError, type ErrorCode, isDatafreeError } from '@datafree/plugin';
import type { Console } from './console/console.ts';
import type { RunFolder } from './runFolder.ts';

/** Errors that the same command would run into once more. */
const again: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>(['option-invalid', 'unsupported']);

/**
 * Does the long work of a command on its run folder: says that it goes on with an earlier run, or how to go on with
 * this one when it fails.
 */
export async function keepRun<T>(
  store: Pick<RunFolder, 'path' | 'begun' | 'remove'> | undefined,
  { restart }: { readonly restart: boolean },
  console: Console,
  work: () => Promise<T>,
): Promise<T> {
  if (store === undefined) return work();
  if (restart) await store.remove();
  if (await store.begun()) console.remark(`Going on with the run in ${store.path}.`);
  try {
    return await work();
  } catch (error) {
    console.close();
    const code = isDatafreeError(error) ? error.code : undefined;
    const interrupted = (hint: string) =>
      new DatafreeError('aborted', (error as Error).message, { hint, cause: error });
    if (code === 'aborted' && !(await store.begun())) {
      throw interrupted('Nothing was finished that could be kept: the same command begins anew.');
    }
    if (code !== 'resume-mismatch' && (await store.begun())) {
      const next = again.has(code)
        ? 'another command needs --restart to begin anew'
        : 'the same command goes on from there';
      const kept = `What was done is kept in ${store.path}: ${next}.`;
      // An interruption was asked for: what it comes to is told even where remarks are not.
      if (code === 'aborted') throw interrupted(kept);
      console.remark(kept);
    }
    throw error;
  }
}
