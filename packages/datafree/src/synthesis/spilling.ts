import { elementCount } from '@datafree/core';
import { type TemporaryCheckpoint, temporaryCheckpoint } from '@datafree/data';
import {
  type CompressOptions,
  compress as compressed,
  type SynthesizeOptions,
  synthesize as synthesized,
} from '@datafree/orchestrator';
import type { Context, Model, SampleSet, Synthesizer } from '@datafree/plugin';

/** Samples of more bytes than this are not held in memory. */
const memoryLimit = 256 * 2 ** 20;

/**
 * The same synthesizer, of which samples of more than 256 MiB go into a {@link temporaryCheckpoint} where there is none
 * to keep them. They are read back batch by batch by a method that keeps its samples in a checkpoint, as all built-in
 * ones do but `gaussian`, which holds none.
 *
 * @param limit in bytes, of samples as 32-bit floats
 */
export function spilling(synthesizer: Synthesizer, limit = memoryLimit): Synthesizer {
  const synthesize: Synthesizer['synthesize'] = async (model, request, context) => {
    const [, ...shape] = model.input.shape as readonly number[];
    if (context.checkpoint !== undefined || 4 * request.count * elementCount(shape) <= limit) {
      return synthesizer.synthesize(model, request, context);
    }
    return onDisk(synthesizer, model, request, context);
  };
  const { kind, name, apiVersion, supports, options } = synthesizer;
  const own = { kind, name, apiVersion, supports, options, synthesize };
  return synthesizer.check === undefined ? own : { ...own, check: (model) => synthesizer.check?.(model) };
}

async function onDisk(
  synthesizer: Synthesizer,
  model: Model,
  request: Parameters<Synthesizer['synthesize']>[1],
  context: Context,
): Promise<SampleSet> {
  const checkpoint: TemporaryCheckpoint = await temporaryCheckpoint();
  try {
    return await synthesizer.synthesize(model, request, { ...context, checkpoint });
  } catch (error) {
    await checkpoint.remove();
    throw error;
  }
}

/**
 * Compresses a network: `compress` of the orchestrator. Without a `store`, samples of more than 256 MiB are kept among
 * the temporary files and not in memory.
 *
 * @throws what that throws, and `output-unwritable`
 */
export function compress(options: CompressOptions): ReturnType<typeof compressed> {
  return compressed(withSpilling(options));
}

/**
 * Makes samples from the network alone: `synthesize` of the orchestrator. Without a `store`, samples of more than 256 MiB
 * are kept among the temporary files and not in memory.
 *
 * @throws what that throws, and `output-unwritable`
 */
export function synthesize(options: SynthesizeOptions): ReturnType<typeof synthesized> {
  return synthesized(withSpilling(options));
}

/** What is no synthesizer is left to the checks of the orchestrator. */
function withSpilling<Options extends { readonly synthesizer?: Synthesizer | undefined }>(options: Options): Options {
  if (typeof options?.synthesizer !== 'object' || typeof options.synthesizer?.synthesize !== 'function') return options;
  return { ...options, synthesizer: spilling(options.synthesizer) };
}
