import type { Checkpoint } from '@datafree/plugin';

/** A checkpoint that lasts as long as what holds it. */
export function memoryCheckpoint(): Checkpoint {
  const entries = new Map<string, Uint8Array>();
  return {
    read: async (key) => entries.get(key),
    write: async (key, value) => {
      entries.set(key, value);
    },
  };
}
