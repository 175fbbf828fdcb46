// What an interrupted training goes on from: one ONNX file with weights, state of the optimiser, settings and log.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@datafree/data';
import { decodeModel, encodeModel } from '@datafree/onnx';

/**
 * @typedef {object} Progress
 * @property {import('@datafree/plugin').Graph} network
 * @property {{ epoch: number, loss: number, accuracy: number, seconds: number }[]} log of each finished epoch
 * @property {[string, import('@datafree/plugin').Tensor][]} velocities state of the optimiser
 */

/**
 * Where the training in a folder stands.
 *
 * @param {string} folder
 * @param {object} settings
 * @param {import('@datafree/plugin').Graph} network with the weights of a new start
 * @returns {Promise<Progress>}
 * @throws an Error for a run with other settings
 */
export async function resume(folder, settings, network) {
  const bytes = await readFile(join(folder, 'checkpoint.onnx')).catch(() => undefined);
  if (bytes === undefined) return { network, log: [], velocities: [] };
  const { metadata, initializers } = decodeModel(bytes);
  if (metadata.get('settings') !== JSON.stringify(settings)) {
    throw new Error(`${folder} holds a run with other options: ${metadata.get('settings')}. Choose another --output.`);
  }
  return {
    network: withStates(network, initializers),
    log: JSON.parse(metadata.get('log')),
    velocities: [...initializers].filter(([name]) => name.startsWith('sgd.')),
  };
}

/** Writes what {@link resume} reads. */
export async function save(folder, settings, { network, log }, states) {
  const metadata = new Map([
    ['settings', JSON.stringify(settings)],
    ['log', JSON.stringify(log)],
  ]);
  const state = { ...network, initializers: new Map([...network.initializers, ...states]), metadata };
  await writeFileAtomic(join(folder, 'checkpoint.onnx'), encodeModel(state));
}

/** The network with its weights and running statistics taken from a step's states. */
export function withStates(graph, states) {
  const initializers = new Map([...graph.initializers].map(([name, tensor]) => [name, states.get(name) ?? tensor]));
  return { ...graph, initializers };
}
