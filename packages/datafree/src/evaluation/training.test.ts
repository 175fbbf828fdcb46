import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, tensorOf } from '@datafree/core';
import { memorySamples } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import type { Graph, Node } from '@datafree/plugin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { network, sampleShape, withOperator } from '../testing/models.ts';
import { evaluateModels } from './evaluateModels.ts';
import { inTraining } from './training.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The network as an exporter writes it that keeps the training mode. */
function asInTraining(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'BatchNormalization') return node;
    const [y] = node.outputs as [string];
    const attributes: Node['attributes'] = { ...node.attributes, training_mode: { type: 'int', value: 1 } };
    return { ...node, outputs: [y, `${y}.mean`, `${y}.variance`], attributes };
  });
  return { ...graph, nodes };
}

test('nodes in training mode are counted', () => {
  expect(inTraining(network())).toBe(0);
  expect(inTraining(asInTraining(network()))).toBe(3);
  const dropping = withOperator(network(), { op: 'Dropout' });
  const nodes = dropping.nodes.map((node) =>
    node.op === 'Dropout' ? { ...node, inputs: [node.inputs[0] as string, '', 'switch'] } : node,
  );
  const switched = (value: number): Graph => ({
    ...dropping,
    nodes,
    initializers: new Map([...dropping.initializers, ['switch', tensorOf('bool', [], [value])]]),
  });
  expect(inTraining(dropping)).toBe(0);
  expect(inTraining(switched(1))).toBe(3);
  expect(inTraining(switched(0))).toBe(0);
});

test('a network that was exported in training mode is evaluated in inference mode, with a warning', async () => {
  const models = [join(folder, 'inference.onnx'), join(folder, 'training.onnx')];
  await writeFile(models[0] as string, encodeModel(network()));
  await writeFile(models[1] as string, encodeModel(asInTraining(network())));
  const said: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void said.push(message) };
  const data = new Random(1).normals(24 * 192, 3, 2);
  const samples = memorySamples({ shape: sampleShape, data });
  const [, found] = await evaluateModels({ models, samples, logger });
  expect(found?.agreement).toBe(100);
  expect(found?.cosine).toBeCloseTo(1, 6);
  expect(said).toEqual([expect.stringMatching(/training\.onnx was exported in training mode \(3 nodes\).*inference/)]);
});
