import {
  apiVersion,
  type Checkpoint,
  DatafreeError,
  type Model,
  type SampleSet,
  type Synthesizer,
} from '@datafree/plugin';
import type { Plan } from './plan.ts';

/** How samples came to be. */
export interface Provenance {
  readonly model: Model;
  readonly synthesizer: Synthesizer;
  readonly seed: number;
}

/**
 * What an interrupted run resumes from. `runFolder` of the package `datafree` keeps it in a folder.
 */
export interface RunStore {
  readonly checkpoint: Checkpoint;
  /** What makes this run another one besides the network and the plugins: versions of packages, a data set. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  /** Where it lies, for messages: a folder. */
  readonly path?: string | undefined;
  /** The samples, once they were all kept. */
  readSamples(): Promise<SampleSet | undefined>;
  /** Keeps samples. What it returns is used from then on, so that a resumed run reads the same numbers. */
  keepSamples(samples: SampleSet, provenance: Provenance): Promise<SampleSet>;
}

/**
 * Begins a run in a store or goes on with the one in it: the first time the store learns what the run is, later it must
 * be the same. The store learns it together with the first thing that is kept, so that a run that fails at once leaves
 * nothing behind.
 *
 * @returns the store to use from then on
 * @throws `resume-mismatch`; `option-invalid` for a network without a hash, which could not be told from another
 */
export async function openRun(store: RunStore, plan: Plan): Promise<RunStore> {
  const manifest = manifestOf(plan, store.facts ?? {});
  const { checkpoint } = store;
  const kept = await checkpoint.read(key);
  if (kept !== undefined) {
    compare(JSON.parse(new TextDecoder().decode(kept)) as Record<string, unknown>, manifest, store.path);
    return store;
  }
  let begun: Promise<void> | undefined;
  const begin = (): Promise<void> => {
    begun ??= checkpoint.write(key, new TextEncoder().encode(JSON.stringify(manifest)));
    return begun;
  };
  return {
    facts: store.facts,
    checkpoint: {
      read: (name) => checkpoint.read(name),
      write: (name, value) => begin().then(() => checkpoint.write(name, value)),
    },
    readSamples: () => store.readSamples(),
    keepSamples: (samples, provenance) => begin().then(() => store.keepSamples(samples, provenance)),
  };
}

function compare(
  found: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
  folder: string | undefined,
): void {
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  const differing = [...names].filter((name) => JSON.stringify(found[name]) !== JSON.stringify(wanted[name]));
  if (differing.length === 0) return;
  const run = folder === undefined ? 'An unfinished run' : `The unfinished run in ${folder}`;
  throw new DatafreeError('resume-mismatch', `${run} differs in: ${differing.join(', ')}.`, {
    path: differing[0],
    hint: `Finish it with the options that it was started with, or delete ${folder ?? 'what it kept'} (--restart on the command line).`,
  });
}

const key = 'run';

function manifestOf(plan: Plan, facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { model, runtime, synthesizer, quantizer, fineTuner, samples, count, calibrate, seed = 0 } = plan;
  if (model.hash === '') {
    throw new DatafreeError('option-invalid', 'A run can only be kept for a network with a hash; this one has none.', {
      path: 'store',
      hint: 'Set `hash` of a model made in memory to something that no other model has.',
    });
  }
  const manifest = {
    apiVersion,
    model: model.hash,
    grid: model.grid,
    runtime: runtime.name,
    synthesizer: samples === undefined ? identityOf(synthesizer) : undefined,
    quantizer: identityOf(quantizer),
    'fine-tuner': identityOf(fineTuner),
    count: samples === undefined ? count : samples.count,
    calibrate,
    seed,
    ...facts,
  };
  // As it will be read back, so that both can be compared.
  return JSON.parse(JSON.stringify(manifest)) as Record<string, unknown>;
}

function identityOf(plugin: Plan['synthesizer'] | Plan['quantizer'] | Plan['fineTuner']) {
  return plugin && { name: plugin.name, options: plugin.options };
}
