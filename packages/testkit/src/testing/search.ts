import { elementCount, Random, tensorOf } from '@datafree/core';
import {
  type Context,
  DatafreeError,
  defineSynthesizer,
  type Model,
  parseOptions,
  type SampleSet,
  type Synthesizer,
  type SynthesizerSupports,
  throwIfAborted,
} from '@datafree/plugin';
import { memorySamples } from '../network/memorySamples.ts';

/** Options of {@link search}. */
interface SearchOptions {
  readonly steps?: number;
  readonly contrast?: number;
}

/** A synthesis that makes use of the right one. */
export type Wrapped = (
  right: Synthesizer['synthesize'],
  ...work: Parameters<Synthesizer['synthesize']>
) => Promise<SampleSet>;

/** The parts of {@link search} that a test can put its own in place of. */
export interface SearchParts {
  readonly supports?: Partial<SynthesizerSupports>;
  readonly parse?: (options: SearchOptions) => Required<SearchOptions>;
  readonly draw?: (model: Model, count: number, random: Random, contrast: number) => Float32Array;
  readonly synthesize?: Wrapped;
  readonly check?: Synthesizer['check'];
}

const names = ['steps', 'contrast'] as const;

/** Parses options by hand, as a plugin in plain JavaScript might. */
function parseSearchOptions(options: SearchOptions): Required<SearchOptions> {
  const unknown = Object.keys(options).find((name) => !names.includes(name as 'steps'));
  const wrong = names.find((name) => name in options && !((options[name] as number) > 0));
  const path = unknown ?? wrong;
  const validate = (value: unknown) =>
    path === undefined
      ? { value: { steps: 3, contrast: 50, ...(value as SearchOptions) } }
      : { issues: [{ message: unknown === undefined ? 'must be a positive number' : 'is unknown', path: [path] }] };
  return parseOptions('search', { '~standard': { version: 1, vendor: 'test', validate } }, options);
}

/**
 * A synthesizer that does everything right, and of which a test can break a part: draws smooth images a few times and
 * keeps of each sample the one that the network is surest of.
 */
export function search(parts: SearchParts = {}) {
  const supports = {
    needsBatchNorm: true,
    needsGradients: false,
    labels: true,
    deterministic: true,
    ...parts.supports,
  };
  return (options: SearchOptions = {}): Synthesizer => {
    const parsed = (parts.parse ?? parseSearchOptions)(options);
    const right: Synthesizer['synthesize'] = async (model, { count }, context) => {
      throwIfAborted(context.signal);
      if (!Number.isInteger(count) || count < 1) {
        throw new DatafreeError('option-invalid', `${count} samples cannot be made.`, { path: 'count' });
      }
      if (supports.needsBatchNorm && model.batchNorms.length === 0) {
        throw new DatafreeError('batchnorm-missing', 'The network has no BatchNormalization.');
      }
      return best(model, count, context, parsed, parts.draw ?? drawSmooth, supports.labels);
    };
    return defineSynthesizer({
      kind: 'synthesizer',
      name: 'search',
      apiVersion: 1,
      supports,
      options: { ...parsed },
      ...(parts.check && { check: parts.check }),
      synthesize: (...work) => (parts.synthesize ? parts.synthesize(right, ...work) : right(...work)),
    });
  };
}

async function best(
  model: Model,
  count: number,
  { runtime, seed, signal, onProgress }: Context,
  { steps, contrast }: Required<SearchOptions>,
  draw: typeof drawSmooth,
  labelled: boolean,
): Promise<SampleSet> {
  const shape = model.input.shape.slice(1) as number[];
  const length = elementCount(shape);
  const kept = new Float32Array(count * length);
  const labels = new Int32Array(count);
  const sureness = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  const session = await runtime.compile(model.graph);
  try {
    for (let step = 0; step < steps; step++) {
      throwIfAborted(signal);
      const drawn = draw(model, count, new Random(seed).fork('search', step), contrast);
      const { [model.output.name]: output } = await session.run({
        [model.input.name]: tensorOf('float32', [count, ...shape], drawn),
      });
      const logits = output!.data as Float32Array;
      const classes = logits.length / count;
      for (let n = 0; n < count; n++) {
        const own = logits.subarray(n * classes, (n + 1) * classes);
        const most = Math.max(...own);
        if (most <= (sureness[n] as number)) continue;
        sureness[n] = most;
        labels[n] = own.indexOf(most);
        kept.set(drawn.subarray(n * length, (n + 1) * length), n * length);
      }
      onProgress({ stage: 'synthesis', unit: 'steps', done: step + 1, total: steps });
    }
  } finally {
    await session.dispose();
  }
  return memorySamples(shape, kept, labelled ? labels : undefined);
}

/** One grey for each sample, a little of it different in each quarter. */
export function drawSmooth({ input, grid }: Model, count: number, random: Random, contrast: number): Float32Array {
  const [channels = 0, height = 0, width = 0] = input.shape.slice(1) as number[];
  const values = new Float32Array(count * channels * height * width);
  let at = 0;
  for (let n = 0; n < count; n++) {
    const grey = 128 + 30 * (random.normals(1)[0] as number);
    const quarters = random.normals(4, grey, contrast);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const quarter = 2 * Math.floor((2 * y) / height) + Math.floor((2 * x) / width);
          const pixel = Math.round(Math.min(255, Math.max(0, quarters[quarter] as number)));
          values[at++] = pixel * (grid?.scale[0] ?? 1 / 64) + (grid?.offset[0] ?? -2);
        }
      }
    }
  }
  return values;
}
