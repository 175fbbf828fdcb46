import {
  batchFault,
  inputRangeCheck,
  kindOf,
  type Logger,
  type Model,
  notFiniteIn,
  type SampleBatch,
  type SampleSet,
  type Synthesizer,
  silentLogger,
  wrapPluginError,
} from '@datafree/plugin';
import { broken } from './broken.ts';

/** What a synthesizer was asked for, who is warned, and who hears of the end. */
interface Request {
  readonly model: Model;
  readonly synthesizer: Synthesizer;
  readonly count: number;
  /** How many were to be made at once; all when absent. */
  readonly ready?: number | undefined;
  readonly logger?: Logger | undefined;
  /** Called when the last sample was read, and so is there. */
  readonly onEnd?: (() => void) | undefined;
}

/**
 * The samples of a synthesizer, of which each batch is checked when it is read: nothing is read ahead or kept. Values
 * far outside the network's inputs are warned of once.
 *
 * @param value what the synthesizer returned
 * @throws `plugin-failed` when it is no set of the samples that were asked for. Reading throws `plugin-failed` for
 *   batches that are none of the set's, `not-finite`, and what the plugin's own reading throws; all with its name
 */
export function synthesized(value: unknown, request: Request): SampleSet {
  const { model, synthesizer, logger = silentLogger, onEnd } = request;
  const { name } = synthesizer;
  const samples = sampleSet(value, request);
  const far = model.grid && inputRangeCheck(model.grid, (found) => logger.warn(`${name} made a sample with ${found}.`));
  const { shape, count, labelled, ready = count } = samples;
  return {
    shape,
    count,
    labelled,
    ...(ready < count && { ready }),
    async *batches(size) {
      const read = samples.batches(size);
      if (!canBeRead(read)) throw broken(name, `gave ${kindOf(read)} where batches that can be read are needed`);
      let done = 0;
      for await (const batch of blaming(name, read)) {
        checkBatch(name, batch, samples, Math.min(size, count - done), done);
        far?.(batch.data.data);
        done += batch.data.dims[0] as number;
        if (done === count) onEnd?.();
        yield batch;
      }
      if (done < count) throw broken(name, `gave ${done} samples in its batches where it says ${count}`);
    },
  };
}

/** @throws `plugin-failed` unless it is a set of the samples that were asked for */
function sampleSet(value: unknown, { model, synthesizer, count, ready = count }: Request): SampleSet {
  const { name, supports } = synthesizer;
  const set = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(set.shape) || typeof set.batches !== 'function') {
    throw broken(
      name,
      `gave ${kindOf(value)} where a set of samples, with shape, count, labelled and batches, is needed`,
    );
  }
  const shape = model.input.shape.slice(1);
  if (set.count !== count || String(set.shape) !== String(shape)) {
    throw broken(name, `gave ${set.count} samples of shape [${set.shape}] where ${count} of [${shape}] were asked for`);
  }
  if (typeof set.labelled !== 'boolean') {
    throw broken(name, `gave ${kindOf(set.labelled)} as labelled where true or false is needed`);
  }
  const { ready: made = count } = set;
  if (!Number.isInteger(made) || (made as number) < ready) {
    throw broken(name, `gave ${kindOf(made)} as ready where ${ready} samples or more were to be made at once`);
  }
  if (supports.labels && !set.labelled)
    throw broken(name, 'says that it labels its samples, and gave none with labels');
  return value as SampleSet;
}

function canBeRead(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** What reading throws carries the name of the plugin. */
async function* blaming(plugin: string, batches: AsyncIterable<unknown>): AsyncGenerator<SampleBatch> {
  try {
    for await (const batch of batches) yield batch as SampleBatch;
  } catch (error) {
    throw wrapPluginError(plugin, error);
  }
}

/** @param first number of the batch's first sample */
function checkBatch(plugin: string, batch: SampleBatch, samples: SampleSet, wanted: number, first: number): void {
  const fault = batchFault(batch, samples);
  if (fault !== undefined) throw broken(plugin, `gave ${fault}`);
  const [length = 0] = batch.data.dims;
  if (length !== wanted) {
    throw broken(plugin, `gave a batch of ${length} samples where ${wanted} were asked for, ${first} after the first`);
  }
  const found = notFiniteIn(batch.data);
  if (found === undefined) return;
  throw broken(plugin, `gave ${found.value} in sample ${first + found.sample} (counted from 0)`, 'not-finite');
}
