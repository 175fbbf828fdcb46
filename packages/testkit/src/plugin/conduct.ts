import { DatafreeError } from '@datafree/plugin';
import type { Check } from '../check.ts';
import { must, mustEqual, refusal } from '../expectation.ts';
import { openWork, type WorkOptions } from '../observed/work.ts';
import { progressFault } from './progress.ts';
import { snapshot } from './snapshot.ts';
import type { AnyPlugin, Subject } from './subject.ts';

/** Checks of how a plugin works: progress, abort, what it leaves behind, what it changes. */
export function conductChecks<P extends AnyPlugin, R>(subject: Subject<P, R>): Check[] {
  const { create, work, runtime, model } = subject;
  // Taken now: a work of another check may already change the network.
  const before = snapshot(model);
  const open = (options?: WorkOptions) => openWork(runtime, options);
  const whole = async () => {
    const done = open();
    await work(create(), done.context);
    return done;
  };
  /** Runs in whose middle something happens: the first and the middle one, never the last. */
  const moments = (runs: number) => [...new Set([1, Math.ceil(runs / 2)])].filter((run) => run < runs);

  return [
    {
      title: 'reports progress that grows and is complete',
      check: async () => {
        const fault = progressFault((await whole()).events);
        must(fault === undefined, fault ?? '');
      },
    },
    {
      title: 'frees what it used',
      check: async () => (await whole()).mustBeClean(),
    },
    {
      title: 'leaves the network as it was',
      check: async () => {
        await whole();
        const changed = before.changed();
        must(changed.length === 0, `it changed ${changed.map((name) => `model.${name}`).join(', ')}`);
      },
    },
    {
      title: 'does nothing when it is aborted before it begins',
      check: async () => {
        const controller = new AbortController();
        controller.abort();
        const aborted = open({ controller });
        await refusal('aborted work', () => work(create(), aborted.context), ['aborted']);
        must(aborted.runs() === 0, `it ran the network ${aborted.runs()} times`);
        aborted.mustBeClean();
      },
    },
    {
      title: 'stops within a step when it is aborted, and leaves nothing',
      check: async () => {
        const { events, ...done } = await whole();
        for (const at of moments(done.runs())) {
          const controller = new AbortController();
          const aborted = open({ controller, onRun: (run) => run === at && controller.abort() });
          await refusal(`work aborted in run ${at}`, () => work(create(), aborted.context), ['aborted']);
          must(aborted.runs() <= at + 1, `it went on for ${aborted.runs() - at} runs after the abort`);
          aborted.mustBeClean();
        }
        const early = events.findIndex(({ done, total }) => done < total);
        if (done.runs() > 0 || early < 0) return;
        // A work that runs no network: its steps are told by its progress.
        const controller = new AbortController();
        const aborted = open({ controller, onProgress: () => aborted.events.length > early && controller.abort() });
        await refusal('work aborted at its first event', () => work(create(), aborted.context), ['aborted']);
        must(aborted.events.length <= early + 2, `it went on for ${aborted.events.length - early - 1} events`);
        aborted.mustBeClean();
      },
    },
    {
      title: 'hands on why a run failed, and leaves nothing',
      check: async () => {
        const { runs } = await whole();
        for (const at of moments(runs())) {
          const broken = open({
            onRun(run) {
              if (run === at) throw new DatafreeError('runtime-failed', 'The runtime failed, as it was asked to.');
            },
          });
          await refusal(`a failure of run ${at}`, () => work(create(), broken.context), ['runtime-failed']);
          broken.mustBeClean();
        }
      },
    },
  ];
}

/** Checks of what `supports.deterministic` promises; none for a plugin that promises nothing. */
export function seedChecks<P extends AnyPlugin, R>(
  subject: Subject<P, R>,
  { another }: { readonly another: boolean },
): Check[] {
  const { create, work, bytes, runtime } = subject;
  if (!create().supports.deterministic) return [];
  const made = async (plugin: P, seed: number) => bytes(await work(plugin, openWork(runtime, { seed }).context));
  return [
    {
      title: 'gives the same bytes for the same seed',
      check: async () => {
        const plugin = create();
        const first = await made(plugin, 1);
        mustEqual('a second time', first, await made(plugin, 1));
        mustEqual('a second plugin', first, await made(create(), 1));
      },
    },
    {
      title: 'keeps two works at once apart',
      check: async () => {
        const plugin = create();
        const alone = [await made(plugin, 1), await made(plugin, 2)] as const;
        const together = await Promise.all([made(plugin, 1), made(plugin, 2)]);
        mustEqual('the first work, alone and beside another', alone[0], together[0]);
        mustEqual('the second work, alone and beside another', alone[1], together[1]);
      },
    },
    ...(another
      ? [
          {
            title: 'gives other bytes for another seed',
            check: async () => {
              const first = await made(create(), 1);
              const second = await made(create(), 2);
              must(Buffer.compare(first, second) !== 0, 'the seeds 1 and 2 give the same bytes');
            },
          },
        ]
      : []),
  ];
}
