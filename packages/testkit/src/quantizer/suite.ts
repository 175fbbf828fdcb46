import { encodeModel } from '@datafree/onnx';
import type { Model, Quantized, Quantizer, SampleSet } from '@datafree/plugin';
import { type Check, runChecks, type SuiteRunner } from '../check.ts';
import { must, refusal } from '../expectation.ts';
import { memorySamples } from '../network/memorySamples.ts';
import { smallNetwork, smallNetworkSamples, smallNetworkShape } from '../network/smallNetwork.ts';
import { openWork } from '../observed/work.ts';
import { conductChecks, seedChecks } from '../plugin/conduct.ts';
import { identityChecks } from '../plugin/identity.ts';
import { creator, type PluginFactory, type Subject, type SuiteOptions } from '../plugin/subject.ts';
import { referenceRuntime } from '../runtime/index.ts';
import { distance, mustRun, mustSurviveItsFile, outputsOf } from './network.ts';
import { mustLoadInOnnxruntime } from './onnxruntime.ts';

/** How far the outputs at the most bits may be from those of the network, relative. */
const nearEnough = 0.2;

/**
 * The conformance suite of quantizers. Bit widths are tried by the options `weights` and `activations`, the names that
 * the pipeline knows them by; a quantizer without such options is checked at the widths that it gives.
 *
 * @param factory makes the quantizer from its options
 */
export function quantizerSuite(
  runner: SuiteRunner,
  factory: PluginFactory<Quantizer>,
  options: SuiteOptions = {},
): void {
  runChecks(runner, `quantizer ${creator(factory, options.options)().name}`, quantizerChecks(factory, options));
}

/** The checks of {@link quantizerSuite}. */
export function quantizerChecks(
  factory: PluginFactory<Quantizer>,
  { runtime = referenceRuntime(), options }: SuiteOptions = {},
): Check[] {
  const model = smallNetwork();
  const samples = smallNetworkSamples(80);
  const some = smallNetworkSamples(6, { seed: 8 });
  const create = creator(factory, options);
  const plugin = create();
  const { supports } = plugin;
  const subject: Subject<Quantizer, Quantized> = {
    runtime,
    model,
    create,
    work: (quantizer, context) => quantizer.quantize(model, samples, context),
    bytes: async ({ graph }) => encodeModel(graph),
  };
  const make = (quantizer: Quantizer = create(), on: Model = model, from: SampleSet = samples): Promise<Quantized> =>
    quantizer.quantize(on, from, openWork(runtime).context);
  const hasBits = 'weights' in plugin.options && 'activations' in plugin.options;
  const most = { weights: Math.max(...supports.weightBits), activations: Math.max(...supports.activationBits) };
  return [
    ...identityChecks(subject, {
      kind: 'quantizer',
      does: 'quantize',
      supports: { needsSamples: 'boolean', weightBits: 'bits', activationBits: 'bits', deterministic: 'boolean' },
    }),
    {
      title: 'gives a network with the same border that the runtime runs',
      check: async () => mustRun(await make(), model, some, runtime),
    },
    {
      title: 'gives a network whose file loads and runs',
      check: async () => mustSurviveItsFile(await make(), some, runtime),
    },
    {
      title: 'gives a network whose file loads in onnxruntime',
      check: async () => mustLoadInOnnxruntime(await make(), some),
    },
    {
      title: 'stays near the network at the most bits',
      check: async () => {
        const { graph } = await make(hasBits ? create(most) : create());
        const exact = await outputsOf(model.graph, some, runtime);
        const off = distance(await outputsOf(graph, some, runtime), exact);
        must(
          off < nearEnough,
          `its outputs are off by ${(100 * off).toFixed(0)} %, ${100 * nearEnough} % is the limit`,
        );
      },
    },
    {
      title: 'takes a network without BatchNormalization',
      check: async () => {
        const plain = smallNetwork({ batchNorm: false });
        await mustRun(await make(create(), plain), plain, some, runtime);
      },
    },
    {
      title: 'gives the bits that it says',
      check: async () => {
        const pairs = hasBits
          ? [
              ...supports.weightBits.map((weights) => ({ ...most, weights })),
              ...supports.activationBits.map((activations) => ({ ...most, activations })),
            ]
          : [{}];
        for (const pair of pairs) {
          const quantized = await make(create(pair));
          const { weights, activations } = { ...quantized.bits, ...pair };
          const got = `${quantized.bits.weights}/${quantized.bits.activations}`;
          must(got === `${weights}/${activations}`, `${weights}/${activations} bits were asked for, ${got} came`);
          const known = supports.weightBits.includes(weights) && supports.activationBits.includes(activations);
          must(known, `${got} bits are none that supports names`);
          await mustRun(quantized, model, some, runtime);
        }
      },
    },
    ...(hasBits
      ? [
          {
            title: 'refuses bits that it does not take',
            check: async () => {
              for (const [name, known] of [
                ['weights', supports.weightBits],
                ['activations', supports.activationBits],
              ] as const) {
                for (const bits of [0, Math.max(...known) + 1]) {
                  const what = `${bits} bits as ${name}`;
                  const error = await refusal(what, () => create({ [name]: bits }), ['option-invalid']);
                  must(error.path === name, `${what} are refused with the path "${error.path}"`);
                }
              }
            },
          },
        ]
      : []),
    {
      title: supports.needsSamples ? 'refuses to work without samples' : 'works without samples, as it says',
      check: async () => {
        const none = memorySamples(smallNetworkShape, new Float32Array(0));
        if (supports.needsSamples) {
          await refusal('an empty set of samples', () => make(create(), model, none), ['data-empty']);
        } else await mustRun(await make(create(), model, none), model, some, runtime);
      },
    },
    ...(supports.needsSamples
      ? [
          {
            title: 'refuses samples of another shape',
            check: async () => {
              const wrong = memorySamples([3, 4, 4], new Float32Array(4 * 48));
              await refusal('a set of another shape', () => make(create(), model, wrong), ['data-shape']);
            },
          },
        ]
      : []),
    {
      title: 'tells the layers that run as integers, if it does, without contradiction',
      check: async () => {
        const { fusion } = await make();
        if (fusion === undefined) return;
        const integer = fusion.layers.filter(({ kernel }) => kernel === 'integer').length;
        must(fusion.integer === integer, `integer is ${fusion.integer}, ${integer} layers are listed as such`);
        const float = fusion.layers.length - integer;
        must(fusion.float === float, `float is ${fusion.float}, ${float} layers are listed as such`);
        const silent = fusion.layers.find(({ kernel, reason }) => kernel === 'float' && !reason);
        must(silent === undefined, `no reason is given why "${silent?.node}" runs in float`);
      },
    },
    ...seedChecks(subject, { another: false }),
    ...conductChecks(subject),
  ];
}
