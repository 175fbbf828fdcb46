import { tensorOf } from '@datafree/core';
import {
  DatafreeError,
  defineFineTuner,
  type FineTuner,
  type Graph,
  type Quantized,
  throwIfAborted,
} from '@datafree/plugin';
import { describe, expect, it, test } from 'vitest';
import { smallNetworkSamples } from '../network/smallNetwork.ts';
import { synthesizerChecks } from '../synthesizer/suite.ts';
import { withDoublePool, withFutureOpset } from '../testing/beyond.ts';
import { deriveInput } from '../testing/deriveInput.ts';
import { failures } from '../testing/failures.ts';
import { checkSamples, rounding } from '../testing/rounding.ts';
import { search } from '../testing/search.ts';
import { uncaught } from '../testing/uncaught.ts';
import { fineTunerChecks, fineTunerSuite } from './suite.ts';

/** Moves the last bias by the mean error of the outputs: a fine-tuner that does everything right. */
const shifting =
  (changes: Partial<FineTuner> = {}) =>
  (options: object = {}): FineTuner => {
    const [path] = Object.keys(options);
    if (path !== undefined) throw new DatafreeError('option-invalid', `${path}: is unknown`, { path });
    return defineFineTuner({
      kind: 'fine-tuner',
      name: 'shifting',
      apiVersion: 1,
      supports: {
        needsGradients: false,
        needsLabels: false,
        weightBits: [6, 8],
        activationBits: [8],
        deterministic: true,
      },
      options: {},
      async fineTune(model, quantized, samples, { runtime, signal, onProgress }) {
        checkSamples(model, samples);
        throwIfAborted(signal);
        const sessions = [];
        const error = new Float64Array(4);
        try {
          for (const graph of [model.graph, quantized.graph]) sessions.push(await runtime.compile(graph));
          let done = 0;
          for await (const { data } of samples.batches(16)) {
            for (const [k, session] of sessions.entries()) {
              throwIfAborted(signal);
              const { [model.output.name]: logits } = await session.run({ [model.input.name]: data });
              (logits!.data as Float32Array).forEach((value, i) => {
                error[i % 4]! += (k === 0 ? value : -value) / samples.count;
              });
            }
            done += data.dims[0] as number;
            onProgress({ stage: 'fine-tuning', unit: 'samples', done, total: samples.count });
          }
        } finally {
          for (const session of sessions) await session.dispose();
        }
        return { ...quantized, graph: withLastBias(quantized.graph, (value, c) => value + error[c]!) };
      },
      ...changes,
    });
  };

/** The graph with another bias in its Gemm. */
function withLastBias(graph: Graph, change: (value: number, channel: number) => number): Graph {
  const name = graph.nodes.find(({ op }) => op === 'Gemm')!.inputs[2] as string;
  const { data, dims } = graph.initializers.get(name)!;
  const moved = tensorOf('float32', dims, (data as Float32Array).map(change));
  return { ...graph, initializers: new Map(graph.initializers).set(name, moved) };
}

const quantizer = rounding()({ weights: 6 });

fineTunerSuite({ describe, it }, shifting(), { quantizer });

const right = shifting()();
const giving = (change: (quantized: Quantized) => Quantized) =>
  shifting({ fineTune: async (...work) => change(await right.fineTune(...work)) });

/** What is broken, how, and the titles of the checks that are to say so. */
const broken: readonly (readonly [string, () => FineTuner, readonly string[]])[] = [
  [
    'gives another border',
    giving((quantized) => {
      const inputs = quantized.graph.inputs.map((input) => ({ ...input, shape: [2, 3, 8, 8] }));
      return { ...quantized, graph: { ...quantized.graph, inputs } };
    }),
    [
      'gives a network with the same border that the runtime runs',
      'gives a network whose file loads and runs',
      'gives a network whose file loads in onnxruntime',
      'comes no farther from the network',
      'takes samples with labels all the same',
    ],
  ],
  ['is of another kind', shifting({ kind: 'tuner' as 'fine-tuner' }), ['has the fields of a fine-tuner']],
  [
    'writes a file that nobody reads',
    giving((quantized) => ({ ...quantized, graph: withFutureOpset(quantized.graph) })),
    ['gives a network whose file loads and runs', 'gives a network whose file loads in onnxruntime'],
  ],
  [
    'uses what onnxruntime does not run',
    giving((quantized) => ({ ...quantized, graph: withDoublePool(quantized.graph) })),
    ['gives a network whose file loads in onnxruntime'],
  ],
  [
    'changes the grid of the network',
    shifting({
      fineTune: async (model, ...work) => {
        const tuned = await right.fineTune(model, ...work);
        (model.grid as { high: number }).high = 300;
        return tuned;
      },
    }),
    ['leaves the network as it was'],
  ],
  [
    'cannot do with labels',
    shifting({
      fineTune: async (model, quantized, samples, context) => {
        if (samples.labelled) throw new DatafreeError('unsupported', 'There are labels.');
        return right.fineTune(model, quantized, samples, context);
      },
    }),
    ['takes samples with labels all the same'],
  ],
  [
    'takes samples of another shape',
    shifting({
      fineTune: (model, quantized, samples, context) =>
        right.fineTune(model, quantized, samples.shape[1] === 4 ? smallNetworkSamples(4) : samples, context),
    }),
    ['refuses samples of another shape'],
  ],
  [
    'needs gradients and claims not to',
    shifting({
      fineTune: async (model, quantized, samples, context) => {
        if (!context.signal?.aborted && samples.shape[1] === 8) await deriveInput(context.runtime, model);
        return right.fineTune(model, quantized, samples, context);
      },
    }),
    ['runs on a runtime without gradients, as it says'],
  ],
  [
    'changes the bits',
    giving((quantized) => ({ ...quantized, bits: { weights: 8, activations: 8 } })),
    ['keeps the bits'],
  ],
  [
    'makes the network worse',
    giving((quantized) => ({ ...quantized, graph: withLastBias(quantized.graph, (value) => value + 3) })),
    ['comes no farther from the network'],
  ],
  [
    'claims to need labels',
    shifting({ supports: { ...right.supports, needsLabels: true } }),
    ['refuses samples without labels'],
  ],
  ['does not know its bits', shifting({ supports: { ...right.supports, weightBits: [4] } }), ['keeps the bits']],
];

describe('a fine-tuner that', () => {
  it.each(broken)('%s is caught', async (_, factory, titles) => {
    expect(Object.keys(await failures(fineTunerChecks(factory, { quantizer })))).toEqual(titles);
  });
});

test('every check catches one of them', () => {
  const labelled = shifting({ supports: { ...right.supports, needsLabels: true } });
  const checks = [...fineTunerChecks(shifting(), { quantizer }), ...fineTunerChecks(labelled, { quantizer })];
  const shared = synthesizerChecks(search() as never).map(({ title }) => title);
  expect(
    uncaught(
      checks,
      broken,
      shared.filter((title) => !title.startsWith('runs on')),
    ),
  ).toEqual([]);
});
