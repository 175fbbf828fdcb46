// Latency of the quantised network beside fp32, interleaved in one run, at batch 1 and at a larger batch.
//
//   pnpm bench latency [--network resnet20_cifar10] [--rounds 40] [--threads 2] [--bits 8] [--container int8]
//
// One JSON line a case: {"network","bits","container","batch","fp32Ms","quantisedMs","ratio","integer","float"}; medians.
import { parseArgs } from 'node:util';
import { elementCount, Random, tensorOf } from '@datafree/core';
import { decodeModel, encodeModel } from '@datafree/onnx';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { gaussian } from '@datafree/synth-gaussian';
import { network } from './shared/assets.mjs';
import { datasets, gridFor } from './shared/datasets.mjs';
import { interleaved, median } from './shared/timing.mjs';

const { values } = parseArgs({
  options: {
    network: { type: 'string' },
    rounds: { type: 'string', default: '40' },
    threads: { type: 'string', default: '2' },
    bits: { type: 'string', default: '8' },
    container: { type: 'string', default: 'int8' },
  },
});
const bits = Number(values.bits);
const { container } = values;
const larger = { mobilenetv1_025_224_imagenet: 16 };

const runtime = ort({ threads: Number(values.threads), spinning: false });
const context = { runtime, seed: 1, logger: silentLogger, onProgress() {} };
for (const [name, set] of Object.entries(datasets)) {
  if (values.network !== undefined && values.network !== name) continue;
  const model = network(name, { grid: gridFor(set) });
  // What the samples are does not matter for the time.
  const samples = await gaussian().synthesize(model, { count: 8 }, context);
  const { graph, fusion } = await quantizer({ weights: bits, activations: bits, container }).quantize(
    model,
    samples,
    context,
  );
  const file = decodeModel(encodeModel(graph));
  for (const batch of [1, larger[name] ?? 64]) {
    const shape = [batch, ...model.input.shape.slice(1)];
    const input = tensorOf('float32', shape, new Random(1).normals(elementCount(shape)));
    const sessions = [await runtime.compile(model.graph), await runtime.compile(file)];
    const works = sessions.map((session) => () => session.run({ [model.input.name]: input }));
    const [fp32Ms, quantisedMs] = (await interleaved(works, Number(values.rounds))).map(median);
    for (const session of sessions) await session.dispose();
    const digits = (value) => Number(value.toFixed(3));
    const ratio = digits(quantisedMs / fp32Ms);
    console.log(
      JSON.stringify({
        network: name,
        bits,
        container,
        batch,
        fp32Ms: digits(fp32Ms),
        quantisedMs: digits(quantisedMs),
        ratio,
        ...counts(fusion),
      }),
    );
  }
}

function counts(fusion) {
  return { integer: fusion?.integer, float: fusion?.float };
}
