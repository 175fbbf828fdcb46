// Accuracy of compressed networks, with nothing but the network, beside Gaussian noise and real images.
//
//   pnpm bench accuracy [--network resnet20_cifar10] [--bits 8,4] [--methods bns,gaussian,real] [--samples 256] [--seed 1]
//     [--container int8]
//
// One JSON line a case: {"network","method","bits","samples","fp32","top1","drop","agreement","bytes","fp32Bytes",
// "integer","float","synthesisSeconds","calibrationSeconds"}. Accuracies in percent, on the labelled test data.
import { parseArgs } from 'node:util';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { classesOf, fileOf, round, secondsSince, share } from './shared/accuracy.mjs';
import { network } from './shared/assets.mjs';
import { datasets, gridFor } from './shared/datasets.mjs';
import { samplesBy, testData } from './shared/sources.mjs';

const { values } = parseArgs({
  options: {
    network: { type: 'string' },
    bits: { type: 'string', default: '8' },
    methods: { type: 'string', default: 'bns,gaussian,real' },
    samples: { type: 'string', default: '256' },
    seed: { type: 'string', default: '1' },
    container: { type: 'string', default: 'int8' },
    threads: { type: 'string', default: '2' },
  },
});

const runtime = ort({ threads: Number(values.threads) });
const count = Number(values.samples);
const { container } = values;
const context = { runtime, seed: Number(values.seed), logger: silentLogger, onProgress() {} };

for (const [name, set] of Object.entries(datasets)) {
  if (values.network !== undefined && values.network !== name) continue;
  const model = network(name, { grid: gridFor(set) });
  const measured = { runtime, model, samples: await testData(model, set) };
  const wanted = await classesOf(model.graph, measured);
  for (const method of values.methods.split(',')) {
    if (method === 'real' && set.real === undefined) continue;
    const started = performance.now();
    const samples = await samplesBy(method, { model, set, count, context });
    const synthesisSeconds = secondsSince(started);
    for (const bits of values.bits.split(',').map(Number)) {
      const calibrating = performance.now();
      const quantized = await quantizer({ weights: bits, activations: bits, container }).quantize(
        model,
        samples,
        context,
      );
      const calibrationSeconds = secondsSince(calibrating);
      const own = await classesOf(quantized.graph, measured);
      const top1 = share(own.classes, own.labels);
      const fp32 = share(wanted.classes, wanted.labels);
      console.log(
        JSON.stringify({
          network: name,
          method,
          bits,
          samples: samples.count,
          fp32,
          top1,
          drop: round(fp32 - top1),
          agreement: share(own.classes, wanted.classes),
          ...fileOf(quantized, model),
          synthesisSeconds,
          calibrationSeconds,
        }),
      );
    }
  }
}
