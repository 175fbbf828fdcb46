import type { Context, Runtime } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import type { GeneralOptions } from './arguments/general.ts';
import type { Console } from './console/console.ts';

/** The context of work that a command does without the orchestrator. */
export function contextOf(
  { seed, threads }: GeneralOptions,
  { signal, onProgress, logger }: Console,
  runtime: Runtime = ort(),
): Context {
  return { runtime, seed, logger, onProgress, signal, threads };
}
