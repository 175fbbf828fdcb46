import { tensorOf } from '@datafree/core';
import type { Graph, Quantized, Quantizer, Tensor } from '@datafree/plugin';
import { describe, expect, it, test } from 'vitest';
import { smallNetworkSamples } from '../network/smallNetwork.ts';
import { synthesizerChecks } from '../synthesizer/suite.ts';
import { withDoublePool, withFutureOpset } from '../testing/beyond.ts';
import { failures } from '../testing/failures.ts';
import { rounded, rounding } from '../testing/rounding.ts';
import { search } from '../testing/search.ts';
import { uncaught } from '../testing/uncaught.ts';
import { quantizerChecks, quantizerSuite } from './suite.ts';

quantizerSuite({ describe, it }, rounding());

const right = rounding();

/** Changes what the right quantizer gives. */
const giving = (change: (quantized: Quantized, weights: number) => Quantized) => (options?: object) => {
  const plugin = right(options);
  const weights = plugin.options.weights as number;
  return { ...plugin, quantize: async (...work) => change(await plugin.quantize(...work), weights) } as Quantizer;
};

const changed = (change: (graph: Graph) => Graph) =>
  giving((quantized) => ({ ...quantized, graph: change(quantized.graph) }));

const filled = (value: number) =>
  changed((graph) => {
    const fill = (tensor: Tensor) => tensorOf('float32', tensor.dims, new Float32Array(tensor.data.length).fill(value));
    return { ...graph, initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, fill(tensor)])) };
  });

const runs = [
  'gives a network with the same border that the runtime runs',
  'takes a network without BatchNormalization',
  'gives the bits that it says',
];

/** What finds that a network does not run, or runs to nothing. */
const everyRun = [
  runs[0]!,
  'gives a network whose file loads and runs',
  'gives a network whose file loads in onnxruntime',
  'stays near the network at the most bits',
  runs[1]!,
  runs[2]!,
];

/** What is broken, how, and the titles of the checks that are to say so. */
const broken: readonly (readonly [string, (options?: object) => Quantizer, readonly string[]])[] = [
  [
    'fixes the batch',
    changed((graph) => ({ ...graph, inputs: graph.inputs.map((input) => ({ ...input, shape: [1, 3, 8, 8] })) })),
    everyRun,
  ],
  ['makes a network of NaN', filled(Number.NaN), everyRun],
  [
    'is of another kind',
    (options) => ({ ...right(options), kind: 'quantiser' as 'quantizer' }),
    ['has the fields of a quantizer'],
  ],
  [
    'writes a file that nobody reads',
    changed(withFutureOpset),
    ['gives a network whose file loads and runs', 'gives a network whose file loads in onnxruntime'],
  ],
  ['uses what onnxruntime does not run', changed(withDoublePool), ['gives a network whose file loads in onnxruntime']],
  [
    'takes no samples for few',
    rounding({
      quantize: (model, samples, context) =>
        right().quantize(model, samples.count === 0 ? smallNetworkSamples(4) : samples, context),
    }) as (options?: object) => Quantizer,
    ['gives the bits that it says', 'refuses to work without samples'],
  ],
  [
    'takes samples of another shape',
    rounding({
      quantize: (model, samples, context) =>
        right().quantize(model, samples.shape[1] === 4 ? smallNetworkSamples(4) : samples, context),
    }) as (options?: object) => Quantizer,
    ['gives the bits that it says', 'refuses samples of another shape'],
  ],
  ['rounds everything away', filled(0), ['stays near the network at the most bits']],
  [
    'gives other bits',
    giving((quantized) => ({ ...quantized, bits: { weights: 8, activations: 8 } })),
    ['gives the bits that it says'],
  ],
  [
    'takes bits that it does not name',
    (options) => {
      const { weights = 8 } = (options ?? {}) as { weights?: number };
      return right(weights === 9 ? {} : options);
    },
    ['refuses bits that it does not take'],
  ],
  [
    'claims to need no samples',
    rounding({ supports: { ...right().supports, needsSamples: false } }) as (options?: object) => Quantizer,
    ['works without samples, as it says'],
  ],
  [
    'counts its layers wrongly',
    giving((quantized) => ({
      ...quantized,
      fusion: { integer: 2, float: 0, layers: [{ node: 'a', op: 'Conv', kernel: 'integer', runsAs: 'QLinearConv' }] },
    })),
    ['tells the layers that run as integers, if it does, without contradiction'],
  ],
  [
    'rounds at random',
    giving((quantized) => ({ ...quantized, graph: { ...quantized.graph, name: `${Math.random()}` } })),
    ['gives the same bytes for the same seed', 'keeps two works at once apart'],
  ],
  [
    'forgets the BatchNormalizations of the network',
    rounding({
      quantize: async (model, samples, context) => {
        const quantized = await right().quantize(model, samples, context);
        (model.batchNorms as unknown[]).length = 0;
        return quantized;
      },
    }) as (options?: object) => Quantizer,
    ['gives the bits that it says', 'leaves the network as it was'],
  ],
  [
    'takes any samples',
    rounding({
      quantize: async ({ graph }, { count }, { onProgress, signal }) => {
        onProgress({ stage: 'calibration', unit: 'samples', done: count, total: count });
        signal?.throwIfAborted();
        return { graph: rounded(graph, 8), bits: { weights: 8, activations: 8 }, warnings: [] };
      },
    }) as (options?: object) => Quantizer,
    [
      'gives the bits that it says',
      'refuses to work without samples',
      'refuses samples of another shape',
      'does nothing when it is aborted before it begins',
    ],
  ],
];

describe('a quantizer that', () => {
  it.each(broken)('%s is caught', async (_, factory, titles) => {
    expect(Object.keys(await failures(quantizerChecks(factory as never)))).toEqual(titles);
  });
});

test('every check catches one of them', () => {
  const frugal = rounding({ supports: { ...right().supports, needsSamples: false } });
  const checks = [...quantizerChecks(right as never), ...quantizerChecks(frugal as never)];
  const shared = synthesizerChecks(search() as never).map(({ title }) => title);
  expect(uncaught(checks, broken, shared)).toEqual([]);
});
