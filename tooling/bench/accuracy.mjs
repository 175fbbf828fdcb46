// Accuracy of compressed networks, with nothing but the network, beside Gaussian noise and real images.
//
//   pnpm bench accuracy [--network resnet20_cifar10] [--bits 8,4] [--methods bns,gaussian,real] [--samples 256] [--seed 1]
//
// One JSON line a case: {"network","method","bits","samples","fp32","top1","drop","agreement","bytes","fp32Bytes",
// "integer","float","synthesisSeconds","calibrationSeconds"}. Accuracies in percent, on the labelled test data.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openData } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { bns } from '@datafree/synth-bns';
import { gaussian } from '@datafree/synth-gaussian';
import { bnsInception, inception } from '@datafree/synth-inception';
import { assets, network } from './shared/assets.mjs';
import { datasets, gridFor } from './shared/datasets.mjs';

const { values } = parseArgs({
  options: {
    network: { type: 'string' },
    bits: { type: 'string', default: '8' },
    methods: { type: 'string', default: 'bns,gaussian,real' },
    samples: { type: 'string', default: '256' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});

const synthesizers = { bns, gaussian, inception, 'bns+inception': bnsInception };
const runtime = ort({ threads: Number(values.threads) });
const count = Number(values.samples);
const context = { runtime, seed: Number(values.seed), logger: silentLogger, onProgress() {} };
const seconds = (started) => Number(((performance.now() - started) / 1000).toFixed(1));

for (const [name, set] of Object.entries(datasets)) {
  if (values.network !== undefined && values.network !== name) continue;
  const model = network(name, { grid: gridFor(set) });
  const open = (file, labels, limit) =>
    openData(join(assets, 'data', file), {
      shape: model.input.shape.slice(1),
      preprocess: set.preprocess,
      rawShape: set.rawShape,
      ...(labels && { labels: join(assets, 'data', labels) }),
      ...(limit && { limit }),
    });
  const test = await open(set.test.file, set.test.labels);
  const wanted = await classes(model.graph, model, test);
  for (const method of values.methods.split(',')) {
    if (method === 'real' && set.real === undefined) continue;
    const started = performance.now();
    const samples =
      method === 'real'
        ? await open(set.real, undefined, count)
        : await synthesizers[method]().synthesize(model, { count }, context);
    const synthesisSeconds = seconds(started);
    for (const bits of values.bits.split(',').map(Number)) {
      const calibrating = performance.now();
      const { graph, fusion } = await quantizer({ weights: bits, activations: bits }).quantize(model, samples, context);
      const calibrationSeconds = seconds(calibrating);
      const own = await classes(graph, model, test);
      const top1 = share(own.classes, own.labels);
      const fp32 = share(wanted.classes, wanted.labels);
      console.log(
        JSON.stringify({
          network: name,
          method,
          bits,
          samples: samples.count,
          fp32: round(fp32),
          top1: round(top1),
          drop: round(fp32 - top1),
          agreement: round(share(own.classes, wanted.classes)),
          bytes: encodeModel(graph).length,
          fp32Bytes: encodeModel(model.graph).length,
          integer: fusion?.integer,
          float: fusion?.float,
          synthesisSeconds,
          calibrationSeconds,
        }),
      );
    }
  }
}

/** The class that the network gives each sample, and its label. */
async function classes(graph, model, samples) {
  const session = await runtime.compile(graph);
  const found = [];
  const labels = [];
  for await (const batch of samples.batches(50)) {
    const outputs = await session.run({ [model.input.name]: batch.data });
    const { data, dims } = outputs[model.output.name];
    const width = data.length / dims[0];
    for (let n = 0; n < dims[0]; n++) {
      const row = data.subarray(n * width, (n + 1) * width);
      found.push(row.indexOf(row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)));
    }
    labels.push(...batch.labels);
  }
  await session.dispose();
  return { classes: found, labels };
}

function share(left, right) {
  return (100 * left.filter((value, i) => value === right[i]).length) / left.length;
}

function round(value) {
  return Number(value.toFixed(2));
}
