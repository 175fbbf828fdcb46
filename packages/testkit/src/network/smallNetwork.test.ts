import { describe, expect, it } from 'vitest';
import { referenceRuntime } from '../runtime/reference.ts';
import { batchNormDivergence } from './batchNormDivergence.ts';
import { gaussianNoise } from './gaussianNoise.ts';
import { smallNetwork, smallNetworkSamples } from './smallNetwork.ts';

const runtime = referenceRuntime();

describe('smallNetwork', () => {
  it('has a free batch axis and BatchNormalizations, or none', () => {
    const { graph, input, batchNorms } = smallNetwork();
    expect(input.shape).toEqual(['N', 3, 8, 8]);
    expect(batchNorms.map(({ channels }) => channels)).toEqual([6, 8]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(
      expect.arrayContaining(['Conv', 'BatchNormalization', 'Relu', 'GlobalAveragePool', 'Gemm']),
    );
    const plain = smallNetwork({ batchNorm: false });
    expect(plain.batchNorms).toEqual([]);
    expect(plain.graph.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
  });

  it('is the same for the same seed alone', () => {
    const weights = (seed: number) => [...smallNetwork({ seed }).graph.initializers.values()].map(({ data }) => data);
    expect(weights(3)).toEqual(weights(3));
    expect(weights(3)).not.toEqual(weights(4));
  });

  it('remembers smooth images, and not noise', async () => {
    for (const seed of [1, 2, 3]) {
      const model = smallNetwork({ seed });
      const smooth = await batchNormDivergence(model, smallNetworkSamples(64), runtime);
      const noise = await batchNormDivergence(model, gaussianNoise(64, seed), runtime);
      expect(smooth).toBeLessThan(0.1);
      expect(noise).toBeGreaterThan(3 * smooth);
    }
  });

  it('knows a grid, or not', () => {
    expect(smallNetwork().grid).toBeDefined();
    expect(smallNetwork({ grid: false }).grid).toBeUndefined();
  });
});
