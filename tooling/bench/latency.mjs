// Latency of the int8 network beside fp32, interleaved in one run, at batch 1 and at a larger batch.
//
//   pnpm bench latency [--network resnet20_cifar10] [--rounds 40] [--threads 2]
//
// One JSON line a case: {"network","batch","fp32Ms","int8Ms","ratio","integer","float"}; medians.
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
  },
});
const larger = { mobilenetv1_025_224_imagenet: 16 };

const runtime = ort({ threads: Number(values.threads), spinning: false });
const context = { runtime, seed: 1, logger: silentLogger, onProgress() {} };
for (const [name, set] of Object.entries(datasets)) {
  if (values.network !== undefined && values.network !== name) continue;
  const model = network(name, { grid: gridFor(set) });
  // What the samples are does not matter for the time.
  const samples = await gaussian().synthesize(model, { count: 8 }, context);
  const { graph, fusion } = await quantizer().quantize(model, samples, context);
  const file = decodeModel(encodeModel(graph));
  for (const batch of [1, larger[name] ?? 64]) {
    const shape = [batch, ...model.input.shape.slice(1)];
    const input = tensorOf('float32', shape, new Random(1).normals(elementCount(shape)));
    const sessions = [await runtime.compile(model.graph), await runtime.compile(file)];
    const works = sessions.map((session) => () => session.run({ [model.input.name]: input }));
    const [fp32Ms, int8Ms] = (await interleaved(works, Number(values.rounds))).map(median);
    for (const session of sessions) await session.dispose();
    const digits = (value) => Number(value.toFixed(3));
    const ratio = digits(int8Ms / fp32Ms);
    console.log(
      JSON.stringify({
        network: name,
        batch,
        fp32Ms: digits(fp32Ms),
        int8Ms: digits(int8Ms),
        ratio,
        ...counts(fusion),
      }),
    );
  }
}

function counts(fusion) {
  return { integer: fusion?.integer, float: fusion?.float };
}
