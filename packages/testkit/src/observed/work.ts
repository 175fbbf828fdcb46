import { getEventListeners } from 'node:events';
import { type Context, type ProgressEvent, type Runtime, silentLogger } from '@datafree/plugin';
import { must } from '../expectation.ts';
import { observe } from './observe.ts';

/** Options of {@link openWork}. */
export interface WorkOptions {
  readonly seed?: number;
  readonly controller?: AbortController;
  readonly onRun?: (run: number) => void;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** A context for a plugin, and what was seen of its work. */
export interface Work {
  readonly context: Context;
  readonly events: readonly ProgressEvent[];
  readonly runs: () => number;
  /** @throws an Error when a session or a listener was left */
  readonly mustBeClean: () => void;
}

/** Opens a context that is watched. */
export function openWork(runtime: Runtime, options: WorkOptions = {}): Work {
  const { seed = 1, controller = new AbortController(), onRun, onProgress } = options;
  const observed = observe(runtime, onRun);
  const events: ProgressEvent[] = [];
  return {
    context: {
      runtime: observed.runtime,
      seed,
      threads: 1,
      logger: silentLogger,
      signal: controller.signal,
      onProgress(event) {
        events.push(event);
        onProgress?.(event);
      },
    },
    events,
    runs: observed.runs,
    mustBeClean() {
      must(observed.open() === 0, `${observed.open()} sessions are not disposed of`);
      const listeners = getEventListeners(controller.signal, 'abort').length;
      must(listeners === 0, `${listeners} listeners are left on the signal`);
    },
  };
}
