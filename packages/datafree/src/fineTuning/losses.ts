import type { Checkpoint, ProgressEvent } from '@datafree/plugin';
import type { RunFolder } from '../runFolder.ts';

/** What is told of fine-tuning. */
export interface FineTuned {
  /** Steps that were done. */
  readonly steps: number;
  /** The loss averaged over the first and the last steps: 50 of them, or half of all where there are fewer than 100. */
  readonly loss: { readonly start: number; readonly end: number };
}

/** Where the losses are kept in a run. */
const key = 'losses';
/** What the orchestrator calls the stage, in events and in keys of its checkpoint. */
const stage = 'fine-tuning';

/** Follows the loss of fine-tuning through its progress, also across interruptions. */
export class LossRecord {
  readonly #losses: number[] = [];

  /** Takes note of an event. */
  observe({ stage: name, done, values }: ProgressEvent): void {
    const loss = values?.loss;
    if (name !== stage || loss === undefined) return;
    // A run that goes on from a checkpoint repeats the steps after it.
    this.#losses.splice(done - 1);
    this.#losses.push(loss);
  }

  /** A store in which the losses lie beside the checkpoints of fine-tuning. */
  keptIn(store: RunFolder): RunFolder {
    const { checkpoint } = store;
    return { ...store, checkpoint: this.#keptBeside(checkpoint) };
  }

  #keptBeside(checkpoint: Checkpoint): Checkpoint {
    return {
      read: async (name) => {
        const kept = name.startsWith(stage) ? await checkpoint.read(key) : undefined;
        if (kept !== undefined) {
          this.#losses.splice(0, Infinity, ...(JSON.parse(new TextDecoder().decode(kept)) as number[]));
        }
        return checkpoint.read(name);
      },
      write: async (name, value) => {
        if (name.startsWith(stage)) {
          await checkpoint.write(key, new TextEncoder().encode(JSON.stringify(this.#losses)));
        }
        await checkpoint.write(name, value);
      },
    };
  }

  /** What is known at the end; null when nothing was tuned. */
  result(): FineTuned | null {
    const steps = this.#losses.length;
    if (steps === 0) return null;
    const part = Math.max(1, Math.min(50, steps >> 1));
    return { steps, loss: { start: mean(this.#losses.slice(0, part)), end: mean(this.#losses.slice(-part)) } };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What is printed of fine-tuning. @param learned false where it was given up */
export function fineTuningLines(tuned: FineTuned | null, learned: boolean): readonly (readonly [string, string])[] {
  const lines: [string, string][] = [];
  if (tuned !== null) {
    const { steps, loss } = tuned;
    lines.push(['loss', `${loss.start.toPrecision(4)} → ${loss.end.toPrecision(4)} in ${steps} steps`]);
  }
  if (!learned) lines.push(['learning', 'given up: the network stays as it was']);
  return lines;
}
