import { Random } from '@datafree/core';
import { DatafreeError, type Model, type ProgressEvent, type SampleSet } from '@datafree/plugin';
import { describe, expect, it, test } from 'vitest';
import { gaussianNoise } from '../network/gaussianNoise.ts';
import { memorySamples } from '../network/memorySamples.ts';
import { smallNetworkShape } from '../network/smallNetwork.ts';
import { deriveInput } from '../testing/deriveInput.ts';
import { failures } from '../testing/failures.ts';
import { drawSmooth, type SearchParts, search, type Wrapped } from '../testing/search.ts';
import { uncaught } from '../testing/uncaught.ts';
import { synthesizerChecks, synthesizerSuite } from './suite.ts';

synthesizerSuite({ describe, it }, search());
synthesizerSuite({ describe, it }, search({ supports: { needsBatchNorm: false, labels: false } }));

const noise = new Random(0);

/** Sends every event through a change. */
const reporting =
  (change: (event: ProgressEvent) => ProgressEvent): Wrapped =>
  (right, model, request, context) =>
    right(model, request, { ...context, onProgress: (event) => context.onProgress(change(event)) });

/** Gives the plugin a session that is never freed, or only after some works. */
const leaking =
  (leaks: (failed: boolean) => boolean): Wrapped =>
  async (right, model, request, context) => {
    const session = await context.runtime.compile(model.graph);
    let failed = true;
    try {
      const samples = await right(model, request, context);
      failed = false;
      return samples;
    } finally {
      if (!leaks(failed)) await session.dispose();
    }
  };

const changed =
  (change: (samples: SampleSet, model: Model, count: number) => SampleSet): Wrapped =>
  async (right, model, request, context) =>
    change(await right(model, request, context), model, request.count);

const constant = (count: number, value: number): SampleSet =>
  memorySamples(smallNetworkShape, new Float32Array(count * 192).fill(value), new Int32Array(count));

let works = 0;
let shared = 0;

/** What is broken, how, and the titles of the checks that are to say so. */
const broken: readonly (readonly [string, SearchParts, readonly string[]])[] = [
  [
    'refuses in its check what it works with',
    {
      check() {
        throw new DatafreeError('unsupported', 'No network is good enough.');
      },
    },
    ['takes the network that it works with in its check, if it has one'],
  ],
  [
    'lets unknown options pass',
    { parse: ({ steps = 3, contrast = 50 }) => ({ steps, contrast }) },
    ['refuses an unknown option with its path', 'refuses a wrong value of an option with its path'],
  ],
  [
    'tells no path',
    {
      parse: (options) => {
        const { steps = 3, contrast = 50, ...rest } = options;
        const right = steps > 0 && contrast > 0 && Object.keys(rest).length === 0;
        if (!right) throw new DatafreeError('option-invalid', 'An option is wrong.');
        return { steps, contrast };
      },
    },
    ['refuses an unknown option with its path', 'refuses a wrong value of an option with its path'],
  ],
  [
    'has an option of another class',
    { parse: (options) => ({ steps: 3, contrast: 50, ...options, since: new Date(0) }) },
    [
      'tells its options as plain data',
      'refuses an unknown option with its path',
      'refuses a wrong value of an option with its path',
    ],
  ],
  ['claims too little', { supports: { needsGradients: 0 as unknown as boolean } }, ['has the fields of a synthesizer']],
  [
    'makes one sample too many',
    { synthesize: (right, model, { count }, context) => right(model, { count: count + 1 }, context) },
    [
      'makes as many samples as it is asked for, of the shape of the network',
      'works where the valid inputs are not known',
      'refuses to make no samples, and half ones',
    ],
  ],
  [
    'makes NaN',
    { synthesize: changed((samples, _, count) => (count < 32 ? constant(count, Number.NaN) : samples)) },
    ['makes finite values', 'gives other bytes for another seed'],
  ],
  [
    'leaves the valid range',
    { synthesize: changed((samples, { grid }, count) => (grid && count === 5 ? constant(count, 2.5) : samples)) },
    ['keeps to the valid inputs of the network', 'gives other bytes for another seed'],
  ],
  [
    'leaves the grid of pixels',
    { synthesize: changed((samples, { grid }, count) => (grid && count === 5 ? constant(count, 0.01) : samples)) },
    ['keeps to the valid inputs of the network', 'gives other bytes for another seed'],
  ],
  [
    'takes a grid for granted',
    {
      draw: ({ grid, ...model }, ...rest) => drawSmooth({ ...model, grid: { ...grid!, scale: grid!.scale } }, ...rest),
    },
    ['works where the valid inputs are not known'],
  ],
  [
    'draws when it is read',
    {
      synthesize: changed((samples, _, count) =>
        count !== 5
          ? samples
          : {
              ...samples,
              batches: (size) => constant(samples.count, noise.uniform()).batches(size),
            },
      ),
    },
    [
      'keeps to the valid inputs of the network',
      'gives samples that can be read again',
      'gives the same bytes for the same seed',
      'keeps two works at once apart',
    ],
  ],
  [
    'claims labels and gives none',
    { synthesize: changed((samples) => ({ ...samples, labelled: false })) },
    ['labels its samples, as it says'],
  ],
  [
    'gives labels and claims none',
    {
      supports: { labels: false },
      synthesize: changed((samples, _, count) => (count === 5 ? { ...samples, labelled: true } : samples)),
    },
    ['has no labels, as it says'],
  ],
  [
    'makes no samples without a word',
    {
      synthesize: (right, model, { count }, context) =>
        right(model, { count: count < 1 ? 1 : Math.ceil(count) }, context),
    },
    ['refuses to make no samples, and half ones'],
  ],
  [
    'depends on how often it was used',
    { synthesize: (right, model, request, context) => right(model, request, { ...context, seed: works++ }) },
    ['gives the same bytes for the same seed', 'keeps two works at once apart'],
  ],
  [
    'shares what it knows between works',
    {
      synthesize: async (right, model, request, context) => {
        shared = context.seed;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return right(model, request, { ...context, seed: shared });
      },
    },
    ['keeps two works at once apart'],
  ],
  [
    'forgets the seed',
    { synthesize: (right, model, request, context) => right(model, request, { ...context, seed: 0 }) },
    ['gives other bytes for another seed'],
  ],
  [
    'says nothing',
    { synthesize: (right, model, request, context) => right(model, request, { ...context, onProgress() {} }) },
    ['reports progress that grows and is complete'],
  ],
  [
    'counts down',
    { synthesize: reporting((event) => ({ ...event, done: event.total - event.done })) },
    ['reports progress that grows and is complete'],
  ],
  [
    'never ends',
    { synthesize: reporting((event) => ({ ...event, total: event.total + 1 })) },
    ['reports progress that grows and is complete'],
  ],
  ['keeps its session', { synthesize: leaking((failed) => !failed) }, ['frees what it used']],
  [
    'keeps its session when it is stopped',
    { synthesize: leaking((failed) => failed) },
    [
      'does nothing when it is aborted before it begins',
      'stops within a step when it is aborted, and leaves nothing',
      'hands on why a run failed, and leaves nothing',
    ],
  ],
  [
    'keeps listening to the signal',
    {
      synthesize: (right, model, request, context) => {
        context.signal?.addEventListener('abort', () => {});
        return right(model, request, context);
      },
    },
    [
      'frees what it used',
      'does nothing when it is aborted before it begins',
      'stops within a step when it is aborted, and leaves nothing',
      'hands on why a run failed, and leaves nothing',
    ],
  ],
  [
    'changes the network',
    {
      synthesize: (right, model, request, context) => {
        (model.graph.metadata as Map<string, string>).set('used', `${works++}`);
        return right(model, request, context);
      },
    },
    ['leaves the network as it was'],
  ],
  [
    'changes the shape of the input and the grid',
    {
      synthesize: async (right, model, request, context) => {
        const samples = await right(model, request, context);
        (model.input.shape as (number | string)[])[0] = 'M';
        if (model.grid) (model.grid as { low: number }).low = -1;
        return samples;
      },
    },
    ['leaves the network as it was'],
  ],
  [
    'changes what a BatchNormalization remembers',
    {
      synthesize: async (right, model, request, context) => {
        const samples = await right(model, request, context);
        model.batchNorms[0]?.scale.fill(1);
        return samples;
      },
    },
    ['leaves the network as it was'],
  ],
  [
    'does not look at the signal',
    {
      synthesize: (right, model, request, { signal: _, ...context }) => right(model, request, context),
    },
    ['does nothing when it is aborted before it begins', 'stops within a step when it is aborted, and leaves nothing'],
  ],
  [
    'looks at the signal at the beginning only',
    {
      synthesize: (right, model, request, { signal, ...context }) => {
        if (signal?.aborted) throw new DatafreeError('aborted', 'Aborted.');
        return right(model, request, context);
      },
    },
    ['stops within a step when it is aborted, and leaves nothing'],
  ],
  [
    'hides why it failed',
    {
      synthesize: (right, ...work) =>
        right(...work).catch((error) => {
          throw error.code === 'runtime-failed' ? new Error('Something went wrong.') : error;
        }),
    },
    ['hands on why a run failed, and leaves nothing'],
  ],
  [
    'needs BatchNormalization and says so too late',
    {
      synthesize: (right, ...work) =>
        right(...work).catch((error) => {
          throw error.code === 'batchnorm-missing' ? new TypeError('undefined is not iterable') : error;
        }),
    },
    ['refuses a network without BatchNormalization'],
  ],
  [
    'needs BatchNormalization and claims not to',
    {
      supports: { needsBatchNorm: false, needsGradients: true },
      synthesize: (right, model, request, context) => {
        if (model.batchNorms.length === 0) throw new DatafreeError('batchnorm-missing', 'There is none.');
        return right(model, request, context);
      },
    },
    ['runs on a network without BatchNormalization, as it says'],
  ],
  [
    'needs gradients and claims not to',
    {
      synthesize: async (right, model, request, context) => {
        if (!context.signal?.aborted && model.grid) await deriveInput(context.runtime, model);
        return right(model, request, context);
      },
    },
    ['runs on a runtime without gradients, as it says'],
  ],
  [
    'is no better than noise',
    { synthesize: changed((samples, _, count) => (count === 32 ? gaussianNoise(count, 5) : samples)) },
    ['comes nearer to the statistics of the network than Gaussian noise'],
  ],
];

describe('a synthesizer that', () => {
  it.each(broken)('%s is caught', async (_, parts, titles) => {
    expect(Object.keys(await failures(synthesizerChecks(search(parts) as never)))).toEqual(titles);
  });
});

test('every check catches one of them', () => {
  const plain = search({ supports: { needsBatchNorm: false, labels: false } });
  const checks = [search(), plain].flatMap((factory) => synthesizerChecks(factory as never));
  expect(uncaught(checks, broken)).toEqual([]);
});
