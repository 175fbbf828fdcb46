import { DatafreeError, defineMetric, type Metric, throwIfAborted } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { failures } from '../testing/failures.ts';
import { checkSamples } from '../testing/rounding.ts';
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
