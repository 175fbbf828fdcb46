import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '@datafree/plugin';
import { fileCheckpoint } from './fileCheckpoint.ts';
import { unwritable } from './writeFileAtomic.ts';

/** A checkpoint in a folder that does not stay. */
export interface TemporaryCheckpoint extends Checkpoint {
  /** Removes the folder. What was kept is gone then. */
  remove(): Promise<void>;
}

/**
 * A checkpoint in a folder of its own among the temporary files (`TMPDIR`), for what is too large to be held in memory.
 * The folder is removed by `remove`, when nothing holds the checkpoint any more, and at the latest when the process ends
 * by itself: only a process that is killed leaves it.
 *
 * @throws `output-unwritable`, as does `write`
 */
export async function temporaryCheckpoint(): Promise<TemporaryCheckpoint> {
  const wanted = join(tmpdir(), 'datafree-');
  const folder = await mkdtemp(wanted).catch((cause) => {
    throw unwritable(wanted, cause);
  });
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  const { read, write } = fileCheckpoint(folder);
  const checkpoint: TemporaryCheckpoint = {
    read,
    write,
    async remove() {
      folders.delete(folder);
      if (folders.size === 0) process.off('exit', removeAll);
      await rm(folder, { recursive: true, force: true });
    },
  };
  forgotten.register(checkpoint, folder);
  return checkpoint;
}

/** Those that there are. */
const folders = new Set<string>();

const forgotten = new FinalizationRegistry<string>((folder) => {
  if (folders.delete(folder)) rmSync(folder, { recursive: true, force: true });
});

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
