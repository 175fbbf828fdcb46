import type { Graph } from '@datafree/plugin';
import { findQuantisers } from '@datafree/student';
import { describe, expect, it } from 'vitest';
import { distil } from '../../finetuner/src/finetune.ts';
import { reconstruct } from './reconstruct.ts';
import { context, distance, images, quantize, residualNetwork } from './testing/residual.ts';

const model = residualNetwork();
const samples = images(128);
const heldOut = images(128, 77);

const fineTuners = {
  distil: distil({ steps: 120, batch: 32, augmentations: [], learningRate: 1e-3 }),
  reconstruct: reconstruct({ steps: 100, batch: 32 }),
};

/** The smallest and the largest code of each weight and of each activation. */
function ends(graph: Graph): [low: number, high: number][] {
  const { weights, activations } = findQuantisers(graph);
  return [...weights, ...activations].map(({ low, high }) => [low, high]);
}

describe.each([{ budget: 0.095 }, { operationsBudget: 0.011 }])('bits chosen under %j', (budget) => {
  const start = quantize(model, 8, { weights: undefined, ...budget });

  it('differ between layers', async () => {
    const { layers } = (await start).precision!;
    expect(new Set(layers.map(({ bits }) => bits)).size).toBeGreaterThan(1);
    if ('budget' in budget) expect(layers.every(({ activations }) => activations === 8)).toBe(true);
    else expect(new Set(layers.map(({ activations }) => activations)).size).toBeGreaterThan(1);
  });

  it.each(['distil', 'reconstruct'] as const)('stay those of each layer when it learns by %s', async (method) => {
    const quantized = await start;
    const tuned = await fineTuners[method].fineTune(model, quantized, samples, context());
    expect(tuned.precision).toEqual(quantized.precision);
    expect(tuned.graph.nodes).toEqual(quantized.graph.nodes);
    for (const [i, [low, high]] of ends(tuned.graph).entries()) {
      const [lowest, highest] = ends(quantized.graph)[i]!;
      expect(low).toBeGreaterThanOrEqual(lowest);
      expect(high).toBeLessThanOrEqual(highest);
    }
    const error = ({ graph }: { graph: Graph }) => distance('logits', model.graph, graph, heldOut);
    expect(await error(tuned)).toBeLessThan(0.8 * (await error(quantized)));
  });
});
