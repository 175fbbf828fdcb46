// Trains a ResNet-8 on CIFAR-10 with datafree's engine: the backward pass is an ONNX graph, onnxruntime runs it.
//
//   node train.mjs [--epochs 30] [--batch 128] [--rate 0.2] [--seed 1] [--threads 2] [--output trained]
//
// A run that was interrupted goes on from its last finished epoch when started again with the same options.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '@datafree/data';
import { classes, readCifar10 } from '@datafree/example-cifar10';
import { encodeModel } from '@datafree/onnx';
import { ort } from '@datafree/runtime-ort';
import { SingleBar } from 'cli-progress';
import { batchOf } from './augment.mjs';
import { lossCurve } from './curve.mjs';
import { resnet8 } from './resnet8.mjs';
import { train } from './training.mjs';

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '30' },
    batch: { type: 'string', default: '128' },
    rate: { type: 'string', default: '0.2' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    output: { type: 'string', default: 'trained' },
  },
});
const [epochs, batch, rate, seed] = [values.epochs, values.batch, values.rate, values.seed].map(Number);
const settings = { epochs, batch, rate, seed, warmUp: 3 };
const folder = values.output;
await mkdir(folder, { recursive: true });

const test = await readCifar10('test');
const runtime = ort({ threads: Number(values.threads) });
const bar = process.stderr.isTTY
  ? new SingleBar({
      format: `epoch {epoch}/${epochs} {bar} {value}/{total} loss {loss} eta {eta_formatted}`,
      stream: process.stderr,
    })
  : undefined;

await train({
  network: resnet8(seed),
  data: await readCifar10('train'),
  classes: classes.length,
  settings,
  folder,
  runtime,
  measure: accuracyOf,
  onStep({ epoch, step, steps, loss }) {
    const shown = { epoch: epoch + 1, loss: loss.toFixed(3) };
    if (step === 0) bar?.start(steps, 1, shown);
    else bar?.update(step + 1, shown);
    if (step + 1 === steps) bar?.stop();
  },
  async onEpoch({ network, log }) {
    console.log(JSON.stringify(log.at(-1)));
    await writeFileAtomic(join(folder, 'resnet8.onnx'), encodeModel(network));
    await writeFileAtomic(join(folder, 'log.json'), `${JSON.stringify({ settings, log }, null, 1)}\n`);
    await writeFileAtomic(join(folder, 'loss.svg'), lossCurve(log));
  },
});

/** Top-1 accuracy on the test images, in percent. */
async function accuracyOf(graph) {
  const session = await runtime.compile(graph);
  const chunk = 500;
  let right = 0;
  for (let start = 0; start < test.labels.length; start += chunk) {
    const indices = Array.from({ length: chunk }, (_, i) => start + i);
    const { logits } = await session.run({ input: batchOf(test.images, indices) });
    for (let n = 0; n < chunk; n++) {
      const row = logits.data.subarray(n * classes.length, (n + 1) * classes.length);
      if (row.indexOf(Math.max(...row)) === test.labels[start + n]) right++;
    }
  }
  await session.dispose();
  return (100 * right) / test.labels.length;
}
