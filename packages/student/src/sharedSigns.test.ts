import { Random } from '@datafree/core';
import { foldBatchNorms } from '@datafree/onnx';
import type { Graph } from '@datafree/plugin';
import { expect, it } from 'vitest';
import { sharedSigns } from './sharedSigns.ts';
import { network, normalized, quantize } from './testing/networks.ts';

it.each([
  { bits: 8, options: {} },
  { bits: 4, options: { symmetric: false } },
  { bits: 2, options: {} },
])('finds the network that it was made of ($bits bits)', async ({ bits, options }) => {
  for (const model of [network(), normalized()]) {
    const { graph } = await quantize(model, bits, undefined, options);
    expect(sharedSigns(graph, foldBatchNorms(model.graph))).toBe(1);
  }
});

it('is about one half for another network, and nothing where no weight has the same name', async () => {
  const model = network();
  const { graph } = await quantize(model, 4);
  const random = new Random(5);
  const changed = (rename: boolean): Graph => ({
    ...model.graph,
    initializers: new Map(
      [...model.graph.initializers].map(([name, own]) => [
        rename ? `other/${name}` : name,
        { ...own, data: random.normals(own.data.length) },
      ]),
    ),
  });
  const found = sharedSigns(graph, changed(false));
  expect(found).toBeGreaterThan(0.3);
  expect(found).toBeLessThan(0.7);
  expect(sharedSigns(graph, changed(true))).toBeUndefined();
});
