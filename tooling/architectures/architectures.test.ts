import {
  differentiate,
  GraphBuilder,
  inlineTrainable,
  mul,
  reduceMean,
  reshape,
  StepProgram,
  sgd,
  sub,
} from '@datafree/core';
import { decodeModel, encodeModel, loadModel } from '@datafree/onnx';
import { type Context, type Graph, type Model, type SampleSet, silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { bns } from '@datafree/synth-bns';
import { describe, expect, it } from 'vitest';
import { uNet, yolo } from './dense.ts';
import {
  dsCnn,
  efficientNetLite,
  ghostNet,
  mnasNet,
  mobileNetV1,
  mobileNetV2,
  mobileNetV3,
  shuffleNetV2,
} from './mobile.ts';
import { conv1d, conv3d, denseNet, googLeNet, squeezeNext, vgg } from './plain.ts';
import { regNet, resNet, resNetBottleneck, resNetPreActivation, wideResNet } from './residual.ts';

const architectures = {
  ResNet: resNet,
  'ResNet with bottlenecks': resNetBottleneck,
  'pre-activation ResNet': resNetPreActivation,
  WideResNet: wideResNet,
  RegNet: regNet,
  'VGG-BN': vgg,
  DenseNet: denseNet,
  'GoogLeNet-BN': googLeNet,
  SqueezeNext: squeezeNext,
  'MobileNet v1': mobileNetV1,
  'MobileNet v2': mobileNetV2,
  'MobileNet v3': mobileNetV3,
  'EfficientNet-Lite': efficientNetLite,
  MNASNet: mnasNet,
  'ShuffleNet v2': shuffleNetV2,
  GhostNet: ghostNet,
  'DS-CNN': dsCnn,
  'U-Net': uNet,
  'YOLO-style detector': yolo,
  '1-D CNN': conv1d,
  '3-D CNN': conv3d,
};

const runtime = ort({ threads: 1, spinning: false });
const count = 8;

function context(own: Partial<Context> = {}): Context {
  return { runtime, seed: 1, logger: silentLogger, onProgress() {}, ...own };
}

/** Samples by BN statistics, and the loss at each of a few iterations. */
async function synthesised(model: Model): Promise<{ samples: SampleSet; losses: number[] }> {
  const losses: number[] = [];
  const onProgress: Context['onProgress'] = ({ values }) => {
    if (values?.loss !== undefined) losses.push(values.loss);
  };
  const samples = await bns({ iterations: 12 }).synthesize(model, { count }, context({ onProgress }));
  return { samples, losses };
}

/** Losses of a few steps of training all weights, BatchNormalization following the batch. */
async function trained(model: Model, samples: SampleSet): Promise<number[]> {
  const b = new GraphBuilder({ name: 'training' });
  const program = new StepProgram(b);
  const scales = new Set(model.graph.nodes.flatMap(({ op, inputs }) => (op === 'Resize' ? inputs.slice(1) : [])));
  const input = b.input('samples', 'float32', [count, ...samples.shape]);
  const network = inlineTrainable(
    program,
    model.graph,
    { [model.input.name]: input },
    {
      trained: (name) => model.graph.initializers.get(name)?.dtype === 'float32' && !scales.has(name),
      batchNorm: 'following',
    },
  );
  const outputs = model.graph.outputs.map(({ name }) => {
    const output = network.find(name);
    const difference = sub(b, reshape(b, output, [output.shape.reduce((n, size) => n * size, 1)]), 0.5);
    return reduceMean(b, mul(b, difference, difference), [0]);
  });
  const loss = outputs.reduce((sum, term) => b.op('Add', [sum, term]));
  const gradients = differentiate(b, loss, [...network.parameters.values()]);
  const next = sgd().update(
    program,
    network.updates(gradients, () => false),
    b.scalar(1e-3),
  );
  network.update(new Map([...network.parameters.keys()].map((name, i) => [name, next[i]!])));
  program.read('loss', loss);
  const runner = await program.compile(runtime);
  const losses: number[] = [];
  for await (const { data } of samples.batches(count)) {
    for (let step = 0; step < 4; step++)
      losses.push(((await runner.step({ samples: data })).loss!.data as Float32Array)[0]!);
  }
  await runner.dispose();
  return losses;
}

/** Cosine between the outputs of a network and of its quantised self, as it is stored. */
async function likeness(model: Model, quantised: Graph, samples: SampleSet): Promise<number[]> {
  const stored = decodeModel(encodeModel(quantised));
  const sessions = [await runtime.compile(model.graph), await runtime.compile(stored)];
  const cosines: number[] = [];
  for await (const { data } of samples.batches(count)) {
    const [own, other] = await Promise.all(sessions.map((session) => session.run({ [model.input.name]: data })));
    for (const { name } of model.graph.outputs) {
      const [x, y] = [own![name]!.data as Float32Array, other![name]!.data as Float32Array];
      cosines.push(x.reduce((sum, value, i) => sum + value * y[i]!, 0) / (Math.hypot(...x) * Math.hypot(...y)));
    }
  }
  for (const session of sessions) await session.dispose();
  return cosines;
}

describe.each(Object.entries(architectures))('%s', (_, build) => {
  const model = loadModel(build());

  it('is read with a free batch and all its statistics', () => {
    expect(typeof model.input.shape[0]).toBe('string');
    const norms = model.graph.nodes.filter((node) => node.op === 'BatchNormalization');
    expect(model.batchNorms).toHaveLength(norms.length);
    expect(norms.length).toBeGreaterThan(1);
  });

  it('gives samples, learns, and runs in 8 bits', async () => {
    const { samples, losses } = await synthesised(model);
    expect(losses).toHaveLength(12);
    expect(Math.min(...losses)).toBeLessThan(0.9 * losses[0]!);

    const steps = await trained(model, samples);
    expect(steps.every(Number.isFinite)).toBe(true);
    expect(steps.at(-1)).toBeLessThan(steps[0]!);

    const { graph, fusion } = await quantizer().quantize(model, samples, context());
    const convolutions = graph.nodes.filter(({ op }) => op === 'Conv');
    const integer = fusion?.layers.filter(({ op, kernel }) => op === 'Conv' && kernel === 'integer');
    expect(convolutions.length).toBeGreaterThan(0);
    expect(integer).toHaveLength(convolutions.length);
    for (const cosine of await likeness(model, graph, samples)) expect(cosine).toBeGreaterThan(0.98);
  });
});
