import { DatafreeError, type ProgressEvent, type ProgressListener } from '@datafree/plugin';

/** A listener for a plugin to call, and what ends its stages. */
export interface MonotoneProgress {
  readonly listener: ProgressListener;
  /** Sends the last event of every stage that was begun and did not reach its total. */
  readonly complete: () => void;
}

/**
 * Passes events on so that within each stage `done` never falls and never goes above `total`, whatever the plugin
 * sends: an event that would go back is sent with the highest `done` so far.
 *
 * @throws `option-invalid` from the listener, for what `onProgress` itself throws: no plugin is to blame for it
 */
export function monotone(onProgress: ProgressListener | undefined): MonotoneProgress {
  if (onProgress === undefined) return { listener: () => {}, complete: () => {} };
  const latest = new Map<string, ProgressEvent>();
  const send = (event: ProgressEvent): void => {
    latest.set(event.stage, event);
    try {
      onProgress(event);
    } catch (cause) {
      throw new DatafreeError('option-invalid', `onProgress threw: ${cause instanceof Error ? cause.message : cause}`, {
        path: 'onProgress',
        hint: 'Let it catch its own errors. What stops the work is the AbortSignal of the option signal.',
        cause,
      });
    }
  };
  return {
    listener: (event) => {
      const done = Math.max(Math.min(event.done, event.total), latest.get(event.stage)?.done ?? 0);
      send({ ...event, done, total: Math.max(event.total, done) });
    },
    complete: () => {
      for (const event of [...latest.values()]) {
        if (event.done < event.total) send({ ...event, done: event.total });
      }
    },
  };
}
