import type { ProgressEvent } from '@datafree/plugin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { monotone } from './progress.ts';

const event = fc.record({
  stage: fc.constantFrom('a', 'b'),
  done: fc.nat(20),
  total: fc.nat(20),
  unit: fc.constant('steps'),
});

test('whatever a plugin sends, done only grows, stays within total and reaches it', () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const seen: ProgressEvent[] = [];
      const { listener, complete } = monotone((e) => seen.push(e));
      for (const e of events) listener(e);
      complete();
      for (const stage of new Set(events.map((e) => e.stage))) {
        const own = seen.filter((e) => e.stage === stage);
        own.forEach((e, i) => {
          expect(e.done).toBeGreaterThanOrEqual(own[i - 1]?.done ?? 0);
          expect(e.done).toBeLessThanOrEqual(e.total);
        });
        expect(own.at(-1)!.done).toBe(own.at(-1)!.total);
      }
    }),
  );
});

test('events that are in order pass unchanged', () => {
  const seen: ProgressEvent[] = [];
  const { listener, complete } = monotone((e) => seen.push(e));
  const events = [0, 1, 2].map((done) => ({ stage: 's', done, total: 2, unit: 'steps', values: { loss: 1 } }));
  events.forEach(listener);
  complete();
  expect(seen).toEqual(events);
});

test('what a listener throws is told as its own', () => {
  const cause = new Error('boo');
  const { listener } = monotone(() => {
    throw cause;
  });
  expect(() => listener({ stage: 's', done: 0, total: 1, unit: 'steps' })).toThrow(
    expect.objectContaining({ code: 'option-invalid', path: 'onProgress', message: 'onProgress threw: boo', cause }),
  );
});
