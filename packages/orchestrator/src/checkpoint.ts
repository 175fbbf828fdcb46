import type { Checkpoint } from '@datafree/plugin';

/** A part of a checkpoint under keys of its own, so that two stages cannot meet. */
export function checkpointOf(checkpoint: Checkpoint, stage: string): Checkpoint {
  return {
    read: (key) => checkpoint.read(`${stage}-${key}`),
    write: (key, value) => checkpoint.write(`${stage}-${key}`, value),
  };
}
