// Trains a ResNet-8 on CIFAR-10 with datafree's engine: the backward pass is an ONNX graph, onnxruntime runs it.
//
//   node train.mjs [--epochs 30] [--batch 128] [--rate 0.2] [--seed 1] [--threads 2] [--output trained]
//
// A run that was interrupted goes on from its last finished epoch when started again with the same options.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '@datafree/core';
import { writeFileAtomic } from '@datafree/data';
import { classes, readCifar10 } from '@datafree/example-cifar10';
import { decodeModel, encodeModel } from '@datafree/onnx';
import { ort } from '@datafree/runtime-ort';
import { SingleBar } from 'cli-progress';
import { batchOf } from './augment.mjs';
import { lossCurve } from './curve.mjs';
import { resnet8 } from './resnet8.mjs';
import { targetsOf, trainingStep } from './step.mjs';

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
const epochs = Number(values.epochs);
const batch = Number(values.batch);
const peak = Number(values.rate);
const seed = Number(values.seed);
const warmUp = 3;

const folder = values.output;
const settings = { epochs, batch, rate: peak, seed, warmUp };
await mkdir(folder, { recursive: true });

const train = await readCifar10('train');
const test = await readCifar10('test');
const random = new Random(seed);
const steps = Math.floor(train.labels.length / batch);
const runtime = ort({ threads: Number(values.threads) });

let { network, log, velocities } = await resume();
const program = trainingStep(network, batch, classes.length);
const runner = await program.compile(runtime);
for (const [name, tensor] of velocities) runner.set(name, tensor);

for (let epoch = log.length; epoch < epochs; epoch++) {
  const started = performance.now();
  const draw = random.fork('epoch', epoch);
  const order = draw.permutation(train.labels.length);
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: `epoch ${epoch + 1}/${epochs} {bar} {value}/{total} loss {loss} eta {eta_formatted}`,
        stream: process.stderr,
      })
    : undefined;
  bar?.start(steps, 0, { loss: '–' });
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const indices = order.subarray(step * batch, (step + 1) * batch);
    const { loss } = await runner.step({
      images: batchOf(train.images, indices, draw),
      targets: targetsOf(train.labels, indices, classes.length),
      rate: { dtype: 'float32', dims: [], data: Float32Array.of(rateAt(epoch + step / steps)) },
    });
    sum += loss.data[0];
    if (!Number.isFinite(sum)) throw new Error(`The loss is not finite in epoch ${epoch + 1}, step ${step + 1}.`);
    bar?.update(step + 1, { loss: (sum / (step + 1)).toFixed(3) });
  }
  bar?.stop();
  network = withStates(network, runner.states);
  const accuracy = await accuracyOf(network);
  const seconds = (performance.now() - started) / 1000;
  log = [
    ...log,
    { epoch: epoch + 1, loss: round(sum / steps, 4), accuracy: round(accuracy, 2), seconds: round(seconds, 1) },
  ];
  console.log(JSON.stringify(log.at(-1)));
  await save();
}
await runner.dispose();

/** The learning rate: a linear warm-up, then a cosine to zero. */
function rateAt(epoch) {
  if (epoch < warmUp) return (peak * (epoch + 0.1)) / warmUp;
  return (peak / 2) * (1 + Math.cos((Math.PI * (epoch - warmUp)) / (epochs - warmUp)));
}

/** The network with its weights and running statistics taken from the step's state. */
function withStates(graph, states) {
  const initializers = new Map([...graph.initializers].map(([name, tensor]) => [name, states.get(name) ?? tensor]));
  return { ...graph, initializers };
}

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

/** Network, log and optimiser state of the last finished epoch, or a new start. */
async function resume() {
  const fresh = { network: resnet8(seed), log: [], velocities: [] };
  const bytes = await readFile(join(folder, 'checkpoint.onnx')).catch(() => undefined);
  if (bytes === undefined) return fresh;
  const { metadata, initializers } = decodeModel(bytes);
  if (metadata.get('settings') !== JSON.stringify(settings)) {
    throw new Error(`${folder} holds a run with other options: ${metadata.get('settings')}. Choose another --output.`);
  }
  return {
    network: withStates(fresh.network, initializers),
    log: JSON.parse(metadata.get('log')),
    velocities: [...initializers].filter(([name]) => name.startsWith('sgd.')),
  };
}

/** Writes what a resumed run needs as one file, then the network, the log and the curve. */
async function save() {
  const metadata = new Map([
    ['settings', JSON.stringify(settings)],
    ['log', JSON.stringify(log)],
  ]);
  const state = { ...network, initializers: new Map([...network.initializers, ...runner.states]), metadata };
  await writeFileAtomic(join(folder, 'checkpoint.onnx'), encodeModel(state));
  await writeFileAtomic(join(folder, 'resnet8.onnx'), encodeModel(network));
  await writeFileAtomic(join(folder, 'log.json'), `${JSON.stringify({ settings, log }, null, 1)}\n`);
  await writeFileAtomic(join(folder, 'loss.svg'), lossCurve(log));
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}
