import { Random } from '@datafree/core';
import { augmenter, flip } from '@datafree/inversion';
import { silentLogger } from '@datafree/plugin';
import { expect, it } from 'vitest';
import { context, network, noise, quantize } from '../../student/src/testing/networks.ts';
import { unlessAstray } from './astray.ts';
import { distil } from './finetune.ts';

function listening() {
  const warned: string[] = [];
  return { warned, context: context({ logger: { ...silentLogger, warn: (line: string) => warned.push(line) } }) };
}

it('takes what has learned, and tells when it went astray', async () => {
  const model = network();
  const [near, far] = [await quantize(model, 8), await quantize(model, 2)];
  const views = { augmenter: augmenter([flip()], 16, noise(40).shape, { mean: [0, 0] }), random: new Random(1) };
  const parts = { model, samples: noise(40), batch: 16, ...views };
  const { warned, context: own } = listening();
  expect(await unlessAstray(parts, far, near.graph, own)).toEqual({ ...far, graph: near.graph });
  expect(warned).toEqual([]);
  const kept = await unlessAstray(parts, near, far.graph, own);
  expect(kept.graph).toBe(near.graph);
  expect(kept.warnings).toEqual([...near.warnings, ...warned]);
  expect(warned[0]).toContain('astray');
});

it('leaves a network as it was that a rate is too large for', async () => {
  const model = network();
  const quantized = await quantize(model, 4);
  const { warned, context: own } = listening();
  const plugin = distil({ steps: 30, batch: 16, learningRate: 5e3, augmentations: [] });
  const tuned = await plugin.fineTune(model, quantized, noise(32), own);
  expect(tuned.graph).toBe(quantized.graph);
  expect(warned.join()).toContain('smaller learningRate');
});
