import { encodeModel } from '@datafree/onnx';
import type { FineTuner, Quantized, Quantizer, Runtime, SampleSet } from '@datafree/plugin';
import { type Check, runChecks, type SuiteRunner } from '../check.ts';
import { must, refusal } from '../expectation.ts';
import { memorySamples } from '../network/memorySamples.ts';
import { smallNetwork, smallNetworkSamples } from '../network/smallNetwork.ts';
import { withoutGradients } from '../observed/withoutGradients.ts';
import { openWork } from '../observed/work.ts';
import { conductChecks, seedChecks } from '../plugin/conduct.ts';
import { identityChecks } from '../plugin/identity.ts';
import { creator, type PluginFactory, type Subject, type SuiteOptions } from '../plugin/subject.ts';
import { distance, mustRun, mustSurviveItsFile, outputsOf } from '../quantizer/network.ts';
import { mustLoadInOnnxruntime } from '../quantizer/onnxruntime.ts';
import { referenceRuntime } from '../runtime/index.ts';

/** Options of {@link fineTunerSuite}. */
export interface FineTunerSuiteOptions extends SuiteOptions {
  /** Makes the quantised networks that the fine-tuner is given. */
  readonly quantizer: Quantizer;
}

/** How much farther from the network than before a fine-tuned one may be, relative: noise of few steps. */
const slack = 0.05;

/**
 * The conformance suite of fine-tuners.
 *
 * @param factory makes the fine-tuner from its options
 */
export function fineTunerSuite(
  runner: SuiteRunner,
  factory: PluginFactory<FineTuner>,
  options: FineTunerSuiteOptions,
): void {
  runChecks(runner, `fine-tuner ${creator(factory, options.options)().name}`, fineTunerChecks(factory, options));
}

/** The checks of {@link fineTunerSuite}. */
export function fineTunerChecks(
  factory: PluginFactory<FineTuner>,
  { runtime = referenceRuntime(), options, quantizer }: FineTunerSuiteOptions,
): Check[] {
  const model = smallNetwork();
  const create = creator(factory, options);
  const { supports } = create();
  const samples = smallNetworkSamples(80, { labels: supports.needsLabels });
  const some = smallNetworkSamples(6, { seed: 8 });
  let start: Promise<Quantized> | undefined;
  const quantized = (): Promise<Quantized> => {
    start ??= quantizer.quantize(model, samples, openWork(runtime).context);
    return start;
  };
  const subject: Subject<FineTuner, Quantized> = {
    runtime,
    model,
    create,
    work: async (tuner, context) => tuner.fineTune(model, await quantized(), samples, context),
    bytes: async ({ graph }) => encodeModel(graph),
  };
  const tune = async (from: SampleSet = samples, by: Runtime = runtime): Promise<Quantized> =>
    create().fineTune(model, await quantized(), from, openWork(by).context);
  return [
    ...identityChecks(subject, {
      kind: 'fine-tuner',
      does: 'fineTune',
      supports: {
        needsGradients: 'boolean',
        needsLabels: 'boolean',
        weightBits: 'bits',
        activationBits: 'bits',
        deterministic: 'boolean',
      },
    }),
    {
      title: 'gives a network with the same border that the runtime runs',
      check: async () => mustRun(await tune(), model, some, runtime),
    },
    {
      title: 'gives a network whose file loads and runs',
      check: async () => mustSurviveItsFile(await tune(), some, runtime),
    },
    {
      title: 'gives a network whose file loads in onnxruntime',
      check: async () => mustLoadInOnnxruntime(await tune(), some),
    },
    {
      title: 'keeps the bits',
      check: async () => {
        const [before, after] = [(await quantized()).bits, (await tune()).bits];
        const same = before.weights === after.weights && before.activations === after.activations;
        must(same, `${before.weights}/${before.activations} bits become ${after.weights}/${after.activations}`);
        const { weightBits, activationBits } = supports;
        const known = weightBits.includes(after.weights) && activationBits.includes(after.activations);
        must(known, `${after.weights}/${after.activations} bits are none that supports names`);
      },
    },
    {
      title: 'comes no farther from the network',
      check: async () => {
        const exact = await outputsOf(model.graph, samples, runtime);
        const before = distance(await outputsOf((await quantized()).graph, samples, runtime), exact);
        const after = distance(await outputsOf((await tune()).graph, samples, runtime), exact);
        const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
        must(after <= before * (1 + slack), `outputs are off by ${percent(after)}, by ${percent(before)} before`);
      },
    },
    supports.needsLabels
      ? {
          title: 'refuses samples without labels',
          check: async () => {
            await refusal('a set without labels', () => tune(smallNetworkSamples(80)), [
              'unsupported',
              'labels-length',
            ]);
          },
        }
      : {
          title: 'takes samples with labels all the same',
          check: async () => mustRun(await tune(smallNetworkSamples(80, { labels: true })), model, some, runtime),
        },
    {
      title: 'refuses samples of another shape',
      check: async () => {
        const wrong = memorySamples(
          [3, 4, 4],
          new Float32Array(4 * 48),
          supports.needsLabels ? new Int32Array(4) : undefined,
        );
        await refusal('a set of another shape', () => tune(wrong), ['data-shape']);
      },
    },
    ...(supports.needsGradients
      ? []
      : [
          {
            title: 'runs on a runtime without gradients, as it says',
            check: async () => {
              await tune(samples, withoutGradients(runtime, model));
            },
          },
        ]),
    ...seedChecks(subject, { another: false }),
    ...conductChecks(subject),
  ];
}
