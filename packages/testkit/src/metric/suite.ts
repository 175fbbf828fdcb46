import type { Metric, Model, SampleSet } from '@datafree/plugin';
import { type Check, runChecks, type SuiteRunner } from '../check.ts';
import { must, refusal } from '../expectation.ts';
import { memorySamples } from '../network/memorySamples.ts';
import { smallNetwork, smallNetworkSamples } from '../network/smallNetwork.ts';
import { openWork } from '../observed/work.ts';
import { conductChecks, seedChecks } from '../plugin/conduct.ts';
import { identityChecks } from '../plugin/identity.ts';
import { creator, type PluginFactory, type Subject, type SuiteOptions } from '../plugin/subject.ts';
import { referenceRuntime } from '../runtime/index.ts';

type Values = Readonly<Record<string, number>>;

/**
 * The conformance suite of metrics.
 *
 * @param factory makes the metric from its options
 */
export function metricSuite(runner: SuiteRunner, factory: PluginFactory<Metric>, options: SuiteOptions = {}): void {
  runChecks(runner, `metric ${creator(factory, options.options)().name}`, metricChecks(factory, options));
}

/** The checks of {@link metricSuite}. */
export function metricChecks(
  factory: PluginFactory<Metric>,
  { runtime = referenceRuntime(), options }: SuiteOptions = {},
): Check[] {
  const model = smallNetwork();
  const create = creator(factory, options);
  const { supports } = create();
  const labels = supports.needsLabels;
  const samples = smallNetworkSamples(80, { labels });
  const subject: Subject<Metric, Values> = {
    runtime,
    model,
    create,
    work: (metric, context) => metric.measure(model, samples, context),
    bytes: async (values) => new TextEncoder().encode(JSON.stringify(values)),
  };
  const measure = (on: Model = model, from: SampleSet = samples): Promise<Values> =>
    create().measure(on, from, openWork(runtime).context);
  const plain = smallNetwork({ batchNorm: false });
  return [
    ...identityChecks(subject, {
      kind: 'metric',
      does: 'measure',
      supports: { needsBatchNorm: 'boolean', needsLabels: 'boolean', deterministic: 'boolean' },
    }),
    { title: 'gives finite numbers by name', check: async () => mustBeNumbers(await measure()) },
    supports.needsBatchNorm
      ? {
          title: 'refuses a network without BatchNormalization',
          check: async () => {
            await refusal('a network without BatchNormalization', () => measure(plain), ['batchnorm-missing']);
          },
        }
      : {
          title: 'measures on a network without BatchNormalization, as it says',
          check: async () => mustBeNumbers(await measure(plain)),
        },
    labels
      ? {
          title: 'refuses samples without labels',
          check: async () => {
            const bare = smallNetworkSamples(80);
            await refusal('a set without labels', () => measure(model, bare), ['unsupported', 'labels-length']);
          },
        }
      : {
          title: 'takes samples with labels all the same',
          check: async () => mustBeNumbers(await measure(model, smallNetworkSamples(80, { labels: true }))),
        },
    {
      title: 'refuses samples of another shape',
      check: async () => {
        const count = 4;
        const wrong = memorySamples(
          [3, 4, 4],
          new Float32Array(count * 48),
          labels ? new Int32Array(count) : undefined,
        );
        await refusal('a set of another shape', () => measure(model, wrong), ['data-shape']);
      },
    },
    {
      title: 'refuses to measure no samples',
      check: async () => {
        const none = smallNetworkSamples(0, { labels });
        await refusal('an empty set of samples', () => measure(model, none), ['data-empty']);
      },
    },
    ...seedChecks(subject, { another: false }),
    ...conductChecks(subject),
  ];
}

function mustBeNumbers(values: Values): void {
  const entries = Object.entries(values);
  must(entries.length > 0, 'there is no value');
  const wrong = entries.find(([, value]) => typeof value !== 'number' || !Number.isFinite(value));
  must(wrong === undefined, `"${wrong?.[0]}" is ${wrong?.[1]}`);
}
