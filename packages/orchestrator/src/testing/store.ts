import type { SampleSet } from '@datafree/plugin';
import type { RunStore } from '../store.ts';
import { memoryCheckpoint } from './plugins.ts';

/** A run store in memory. */
export function memoryStore(facts: Record<string, unknown> = {}) {
  const { entries, checkpoint } = memoryCheckpoint();
  let kept: SampleSet | undefined;
  const store: RunStore = {
    checkpoint,
    facts,
    readSamples: async () => kept,
    keepSamples: async (samples) => {
      kept = samples;
      return samples;
    },
  };
  return { store, entries, checkpoint };
}
