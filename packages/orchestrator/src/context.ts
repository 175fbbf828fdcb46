import {
  type Checkpoint,
  type Context,
  type Logger,
  type ProgressListener,
  type Runtime,
  silentLogger,
} from '@datafree/plugin';
import { monotone } from './progress.ts';

/** What every stage is given besides its plugin. */
export interface StageOptions {
  readonly runtime: Runtime;
  /** Seed of all randomness, a whole number from 0 to 2^32 − 1: same seed, same bytes. 0 when absent. */
  readonly seed?: number | undefined;
  /** Stops the work: the error has the code `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Within each stage `done` never falls, and the last event has `done === total`. */
  readonly onProgress?: ProgressListener | undefined;
  /** Says nothing when absent. */
  readonly logger?: Logger | undefined;
  /** Threads a session may use; the runtime's default when absent. */
  readonly threads?: number | undefined;
  /** Where a plugin keeps what it needs to go on after an interruption. */
  readonly checkpoint?: Checkpoint | undefined;
}

/** A plugin's context, and what completes its progress once it has returned. */
export interface Stage {
  readonly context: Context;
  readonly complete: () => void;
}

/** The context of one plugin. */
export function openStage(options: StageOptions): Stage {
  const { runtime, seed = 0, signal, onProgress, logger = silentLogger, threads, checkpoint } = options;
  const { listener, complete } = monotone(onProgress);
  const context: Context = {
    runtime,
    seed,
    logger,
    onProgress: listener,
    threads,
    ...(signal === undefined ? {} : { signal }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
  return { context, complete };
}
