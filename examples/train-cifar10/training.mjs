// Trains a network epoch by epoch. After each one it is written what a training that is interrupted goes on from.
import { Random } from '@datafree/core';
import { batchOf } from './augment.mjs';
import { resume, save, withStates } from './checkpoint.mjs';
import { targetsOf, trainingStep } from './step.mjs';

/**
 * @typedef {object} Training
 * @property {import('@datafree/plugin').Graph} network as it starts
 * @property {{ images: Uint8Array, labels: Uint8Array }} data
 * @property {number} classes
 * @property {{ epochs: number, batch: number, rate: number, seed: number, warmUp: number }} settings
 * @property {string} folder where the checkpoint is
 * @property {import('@datafree/plugin').Runtime} runtime
 * @property {(network: import('@datafree/plugin').Graph) => Promise<number>} measure per cent of test images
 * @property {(step: { epoch: number, step: number, steps: number, loss: number }) => void} [onStep] loss: so far
 * @property {(progress: import('./checkpoint.mjs').Progress) => unknown} [onEpoch]
 */

/**
 * Goes on with the training in a folder, or begins it.
 *
 * @param {Training} training
 * @returns {Promise<import('@datafree/plugin').Graph>} the trained network
 */
export async function train({ data, classes, settings, folder, runtime, measure, onStep, onEpoch, ...start }) {
  const { epochs, batch, seed } = settings;
  const { velocities, ...progress } = await resume(folder, settings, start.network);
  let { network, log } = progress;
  const random = new Random(seed);
  const steps = Math.floor(data.labels.length / batch);
  const runner = await trainingStep(network, batch, classes).compile(runtime);
  try {
    for (const [name, tensor] of velocities) runner.set(name, tensor);
    for (let epoch = log.length; epoch < epochs; epoch++) {
      const started = performance.now();
      const draw = random.fork('epoch', epoch);
      const order = draw.permutation(data.labels.length);
      let sum = 0;
      for (let step = 0; step < steps; step++) {
        const indices = order.subarray(step * batch, (step + 1) * batch);
        const { loss } = await runner.step({
          images: batchOf(data.images, indices, draw),
          targets: targetsOf(data.labels, indices, classes),
          rate: { dtype: 'float32', dims: [], data: Float32Array.of(rateAt(epoch + step / steps, settings)) },
        });
        sum += loss.data[0];
        if (!Number.isFinite(sum)) throw new Error(`The loss is not finite in epoch ${epoch + 1}, step ${step + 1}.`);
        onStep?.({ epoch, step, steps, loss: sum / (step + 1) });
      }
      network = withStates(network, runner.states);
      const accuracy = await measure(network);
      const seconds = (performance.now() - started) / 1000;
      const row = { epoch: epoch + 1, loss: round(sum / steps, 4), accuracy: round(accuracy, 2) };
      log = [...log, { ...row, seconds: round(seconds, 1) }];
      await save(folder, settings, { network, log }, runner.states);
      await onEpoch?.({ network, log });
    }
  } finally {
    await runner.dispose();
  }
  return network;
}

/** The learning rate: a linear warm-up, then a cosine to zero. */
function rateAt(epoch, { rate, epochs, warmUp }) {
  if (epoch < warmUp) return (rate * (epoch + 0.1)) / warmUp;
  return (rate / 2) * (1 + Math.cos((Math.PI * (epoch - warmUp)) / (epochs - warmUp)));
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}
