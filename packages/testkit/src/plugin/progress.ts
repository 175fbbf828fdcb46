import type { ProgressEvent } from '@datafree/plugin';

/** What is wrong with the events of a work, or undefined: none, `done` that falls or leaves 0 … total, no last one. */
export function progressFault(events: readonly ProgressEvent[]): string | undefined {
  if (events.length === 0) return 'there is no progress event';
  const last = new Map<string, ProgressEvent>();
  for (const event of events) {
    const { stage, unit, done, total } = event;
    if (!stage || !unit) return `an event has no ${stage ? 'unit' : 'stage'}`;
    if (!(done >= 0 && done <= total && Number.isFinite(total))) return `${stage}: ${done} of ${total}`;
    const before = last.get(stage);
    if (before !== undefined && before.total !== total)
      return `${stage}: the total goes from ${before.total} to ${total}`;
    if (before !== undefined && before.done > done) return `${stage}: ${done} comes after ${before.done}`;
    const wrong = Object.entries(event.values ?? {}).find(([, value]) => typeof value !== 'number');
    if (wrong !== undefined) return `${stage}: the value "${wrong[0]}" is not a number`;
    last.set(stage, event);
  }
  for (const { stage, done, total } of last.values()) {
    if (done !== total) return `${stage}: the last event says ${done} of ${total}`;
  }
  return undefined;
}
