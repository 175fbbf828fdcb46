import { elementCount, GraphBuilder, operatorSetOf, tensorOf } from '@datafree/core';
import { type BatchNormSite, type Context, type Model, throwIfAborted } from '@datafree/plugin';
import { channelMoments } from '../statistics/moments.ts';

/** Samples that a probe runs at a time. */
export const probeSamples = 24;

/** The part of a network before one of its BatchNormalizations, made ready to run. */
export interface Probe {
  /** Mean and mean square of each sample and channel at the site. */
  run(samples: Float32Array): Promise<{ mean: Float32Array; square: Float32Array }>;
  dispose(): Promise<void>;
}

/** @throws `runtime-failed`, and `aborted` while it runs */
export async function openProbe(
  model: Model,
  site: BatchNormSite,
  shape: readonly number[],
  { runtime, threads, signal }: Pick<Context, 'runtime' | 'threads' | 'signal'>,
): Promise<Probe> {
  const [fixed] = model.input.shape;
  const batch = typeof fixed === 'number' ? fixed : probeSamples;
  const b = new GraphBuilder({ name: 'first-layer', operators: operatorSetOf(model) });
  const input = b.input('input', 'float32', [batch, ...shape]);
  const find = b.inline(model.graph, { [model.input.name]: input }, { wanted: [site.tensor] });
  b.output(channelMoments(b, [find(site.tensor)], true), 'moments');
  const session = await runtime.compile(b.build(), { threads });
  const length = elementCount(shape);
  return {
    dispose: () => session.dispose(),
    async run(samples) {
      const count = samples.length / length;
      const mean = new Float32Array(count * site.channels);
      const square = new Float32Array(count * site.channels);
      for (let from = 0; from < count; from += batch) {
        throwIfAborted(signal);
        const part = new Float32Array(batch * length);
        part.set(samples.subarray(from * length, (from + batch) * length));
        const { moments } = await session.run({ input: tensorOf('float32', [batch, ...shape], part) });
        const kept = Math.min(batch, count - from) * site.channels;
        const values = moments?.data as Float32Array;
        mean.set(values.subarray(0, kept), from * site.channels);
        square.set(values.subarray(values.length / 2, values.length / 2 + kept), from * site.channels);
      }
      return { mean, square };
    },
  };
}
