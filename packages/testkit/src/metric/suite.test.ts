import { DatafreeError, defineMetric, type Metric, throwIfAborted } from '@datafree/plugin';
import { describe, expect, it, test } from 'vitest';
import { smallNetworkSamples } from '../network/smallNetwork.ts';
import { synthesizerChecks } from '../synthesizer/suite.ts';
import { failures } from '../testing/failures.ts';
import { checkSamples } from '../testing/rounding.ts';
import { search } from '../testing/search.ts';
import { uncaught } from '../testing/uncaught.ts';
import { metricChecks, metricSuite } from './suite.ts';

/** The mean logit: a metric that does everything right. @param changes to break it */
const meanLogit =
  (changes: Partial<Metric> = {}) =>
  (options: object = {}): Metric => {
    const [path] = Object.keys(options);
    if (path !== undefined) throw new DatafreeError('option-invalid', `${path}: is unknown`, { path });
    return defineMetric({
      kind: 'metric',
      name: 'mean logit',
      apiVersion: 1,
      supports: { needsBatchNorm: false, needsLabels: false, deterministic: true },
      options: {},
      async measure(model, samples, { runtime, signal, onProgress }) {
        checkSamples(model, samples);
        throwIfAborted(signal);
        const session = await runtime.compile(model.graph);
        let sum = 0;
        let done = 0;
        try {
          for await (const { data } of samples.batches(20)) {
            throwIfAborted(signal);
            const { [model.output.name]: logits } = await session.run({ [model.input.name]: data });
            sum += (logits!.data as Float32Array).reduce((total, value) => total + value, 0);
            done += data.dims[0] as number;
            onProgress({ stage: 'measurement', unit: 'samples', done, total: samples.count });
          }
        } finally {
          await session.dispose();
        }
        return { mean: sum / done };
      },
      ...changes,
    });
  };

metricSuite({ describe, it }, meanLogit());

const right = meanLogit()();
const giving = (change: (values: Readonly<Record<string, number>>) => Readonly<Record<string, number>>) =>
  meanLogit({ measure: async (...work) => change(await right.measure(...work)) });
const saying = (supports: Partial<Metric['supports']>) => meanLogit({ supports: { ...right.supports, ...supports } });

/** What is broken, how, and the titles of the checks that are to say so. */
const broken: readonly (readonly [string, () => Metric, readonly string[]])[] = [
  ['is of another kind', meanLogit({ kind: 'measure' as 'metric' }), ['has the fields of a metric']],
  [
    'gives nothing',
    giving(() => ({})),
    [
      'gives finite numbers by name',
      'measures on a network without BatchNormalization, as it says',
      'takes samples with labels all the same',
    ],
  ],
  [
    'gives NaN',
    giving(() => ({ mean: Number.NaN })),
    [
      'gives finite numbers by name',
      'measures on a network without BatchNormalization, as it says',
      'takes samples with labels all the same',
    ],
  ],
  [
    'changes the hash of the network',
    meanLogit({
      measure: async (model, ...work) => {
        const values = await right.measure(model, ...work);
        (model as { hash: string }).hash = 'changed';
        return values;
      },
    }),
    ['leaves the network as it was'],
  ],
  [
    'needs BatchNormalization and claims not to',
    meanLogit({
      measure: async (model, samples, context) => {
        if (model.batchNorms.length === 0) throw new DatafreeError('batchnorm-missing', 'There is none.');
        return right.measure(model, samples, context);
      },
    }),
    ['measures on a network without BatchNormalization, as it says'],
  ],
  [
    'cannot do with labels',
    meanLogit({
      measure: async (model, samples, context) => {
        if (samples.labelled) throw new DatafreeError('unsupported', 'There are labels.');
        return right.measure(model, samples, context);
      },
    }),
    ['takes samples with labels all the same'],
  ],
  [
    'takes samples of another shape',
    meanLogit({
      measure: (model, samples, context) =>
        right.measure(model, samples.shape[1] === 4 ? smallNetworkSamples(4) : samples, context),
    }),
    ['refuses samples of another shape'],
  ],
  [
    'measures nothing',
    meanLogit({
      measure: async (model, samples, context) =>
        samples.count === 0 ? { mean: 0 } : right.measure(model, samples, context),
    }),
    ['refuses to measure no samples'],
  ],
  [
    'claims to need BatchNormalization',
    saying({ needsBatchNorm: true }),
    ['refuses a network without BatchNormalization'],
  ],
  ['claims to need labels', saying({ needsLabels: true }), ['refuses samples without labels']],
  [
    'changes by itself',
    giving(() => ({ mean: Math.random() })),
    ['gives the same bytes for the same seed', 'keeps two works at once apart'],
  ],
  [
    'swallows what the runtime says',
    meanLogit({
      measure: (...work) =>
        right.measure(...work).catch((error) => {
          if (error.code !== 'runtime-failed') throw error;
          return { mean: 0 };
        }),
    }),
    ['hands on why a run failed, and leaves nothing'],
  ],
];

describe('a metric that', () => {
  it.each(broken)('%s is caught', async (_, factory, titles) => {
    expect(Object.keys(await failures(metricChecks(factory)))).toEqual(titles);
  });
});

test('every check catches one of them', () => {
  const variants = [meanLogit(), saying({ needsBatchNorm: true }), saying({ needsLabels: true })];
  const shared = synthesizerChecks(search() as never).map(({ title }) => title);
  const own = shared.filter((title) => title !== 'refuses a network without BatchNormalization');
  expect(
    uncaught(
      variants.flatMap((factory) => metricChecks(factory)),
      broken,
      own,
    ),
  ).toEqual([]);
});
