import type { Model, Runtime, SampleSet, Synthesizer } from '@datafree/plugin';
import { type Check, runChecks, type SuiteRunner } from '../check.ts';
import { must, mustEqual, refusal } from '../expectation.ts';
import { batchNormDivergence } from '../network/batchNormDivergence.ts';
import { gaussianNoise } from '../network/gaussianNoise.ts';
import { smallNetwork, smallNetworkClasses } from '../network/smallNetwork.ts';
import { withoutGradients } from '../observed/withoutGradients.ts';
import { openWork } from '../observed/work.ts';
import { conductChecks, seedChecks } from '../plugin/conduct.ts';
import { identityChecks } from '../plugin/identity.ts';
import { creator, type PluginFactory, type Subject, type SuiteOptions } from '../plugin/subject.ts';
import { referenceRuntime } from '../runtime/index.ts';
import { bytesOf, mustBeFinite, mustBeLabelled, mustHoldSamples, mustLieOnGrid } from './samples.ts';

/** Samples that most checks ask for: few, and more than one batch of 2. */
const few = 5;

/** Samples that statistics are taken of. */
const many = 32;

/**
 * The conformance suite of synthesizers: what the contract says, and that what the plugin says in `supports` is true.
 * Works on a network of its own, `smallNetwork`.
 *
 * @param factory makes the synthesizer from its options
 */
export function synthesizerSuite(
  runner: SuiteRunner,
  factory: PluginFactory<Synthesizer>,
  options: SuiteOptions = {},
): void {
  runChecks(runner, `synthesizer ${creator(factory, options.options)().name}`, synthesizerChecks(factory, options));
}

/** The checks of {@link synthesizerSuite}. */
export function synthesizerChecks(
  factory: PluginFactory<Synthesizer>,
  { runtime = referenceRuntime(), options }: SuiteOptions = {},
): Check[] {
  const model = smallNetwork();
  const create = creator(factory, options);
  const subject: Subject<Synthesizer, SampleSet> = {
    runtime,
    model,
    create,
    work: (plugin, context) => plugin.synthesize(model, { count: few }, context),
    bytes: bytesOf,
  };
  const { supports } = create();
  const make = (on: Model = model, count = few, by: Runtime = runtime): Promise<SampleSet> =>
    create().synthesize(on, { count }, openWork(by).context);
  return [
    ...identityChecks(subject, {
      kind: 'synthesizer',
      does: 'synthesize',
      supports: { needsBatchNorm: 'boolean', needsGradients: 'boolean', labels: 'boolean', deterministic: 'boolean' },
    }),
    {
      title: 'makes as many samples as it is asked for, of the shape of the network',
      check: async () => {
        for (const count of [1, few]) await mustHoldSamples(await make(model, count), count, model);
      },
    },
    { title: 'makes finite values', check: async () => mustBeFinite(await make()) },
    { title: 'keeps to the valid inputs of the network', check: async () => mustLieOnGrid(await make(), model) },
    {
      title: 'works where the valid inputs are not known',
      check: async () => {
        const unknown = smallNetwork({ grid: false });
        await mustHoldSamples(await make(unknown), few, unknown);
      },
    },
    {
      title: 'gives samples that can be read again',
      check: async () => {
        const samples = await make();
        mustEqual('the first and the second reading', await bytesOf(samples), await bytesOf(samples));
      },
    },
    {
      title: supports.labels ? 'labels its samples, as it says' : 'has no labels, as it says',
      check: async () => mustBeLabelled(await make(), supports.labels, smallNetworkClasses),
    },
    {
      title: 'refuses to make no samples, and half ones',
      check: async () => {
        for (const count of [0, -1, 1.5])
          await refusal(`${count} samples`, () => make(model, count), ['option-invalid']);
      },
    },
    ...seedChecks(subject, { another: true }),
    ...conductChecks(subject),
    batchNormCheck(supports.needsBatchNorm, make),
    ...(supports.needsGradients
      ? []
      : [
          {
            title: 'runs on a runtime without gradients, as it says',
            check: async () => {
              const plain = supports.needsBatchNorm ? model : smallNetwork({ batchNorm: false });
              await bytesOf(await make(plain, few, withoutGradients(runtime, plain)));
            },
          },
        ]),
    ...(supports.needsBatchNorm
      ? [
          {
            title: 'comes nearer to the statistics of the network than Gaussian noise',
            check: async () => {
              const own = await batchNormDivergence(model, await make(model, many), runtime);
              const noise = await batchNormDivergence(model, gaussianNoise(many, 1), runtime);
              must(own < noise, `its divergence is ${own.toFixed(3)} nats, that of Gaussian noise ${noise.toFixed(3)}`);
            },
          },
        ]
      : []),
  ];
}

function batchNormCheck(needed: boolean, make: (model: Model) => Promise<SampleSet>): Check {
  if (needed) {
    return {
      title: 'refuses a network without BatchNormalization',
      check: async () => {
        const what = 'a network without BatchNormalization';
        await refusal(what, () => make(smallNetwork({ batchNorm: false })), ['batchnorm-missing']);
      },
    };
  }
  return {
    title: 'runs on a network without BatchNormalization, as it says',
    check: async () => mustBeFinite(await make(smallNetwork({ batchNorm: false }))),
  };
}
