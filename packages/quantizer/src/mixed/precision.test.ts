import { numbersOf } from '@datafree/core';
import type { MixedPrecision, ProgressEvent, Quantized } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import type { QuantizerOptions } from '../options.ts';
import { quantizer } from '../quantizer.ts';
import { contextOf, noise, residualNetwork, samplesOf } from '../testing/network.ts';

const { optimized: _, ...runtime } = ort({ threads: 1 });
const model = residualNetwork();
const samples = samplesOf(noise([40, 3, 8, 8]));

async function quantize(options: QuantizerOptions, onProgress = (_event: ProgressEvent) => {}): Promise<Quantized> {
  return quantizer(options).quantize(model, samples, contextOf(runtime, { onProgress }));
}

async function chosen(options: QuantizerOptions): Promise<MixedPrecision> {
  return (await quantize(options)).precision!;
}

/** Elements of the weights, multiplications a sample, and bits of the activation that enters (the image has 8). */
const layers = [
  { node: 'stem', elements: 216, multiplications: 216 * 64, entering: 8 },
  { node: 'conv1', elements: 576, multiplications: 576 * 64, entering: 4 },
  { node: 'conv2', elements: 576, multiplications: 576 * 64, entering: 4 },
  { node: 'logits', elements: 40, multiplications: 40, entering: 4 },
];

describe('a budget', () => {
  it.each([0.08, 0.125, 0.2])('of %f of the size is kept, and nearly used up', async (budget) => {
    const { layers: own, table } = await chosen({ budget, activations: 4 });
    expect(own.map(({ node, elements }) => [node, elements])).toEqual(layers.map((l) => [l.node, l.elements]));
    const stored = own.reduce((sum, { elements, bits }) => sum + elements * bits, 0);
    const row = table.find((one) => one.chosen)!;
    expect(row.share).toBeCloseTo(stored / (32 * 1408), 9);
    expect(row.share).toBeLessThanOrEqual(budget);
    expect(row.share).toBeGreaterThan(0.85 * budget);
    expect(row.averageBits).toBeCloseTo(stored / 1408, 9);
    expect(row.divergence).toBeCloseTo(
      own.reduce((sum, { divergence }) => sum + divergence, 0),
      9,
    );
  });

  it('of operations counts the bits of both factors', async () => {
    const operationsBudget = 0.02;
    const { layers: own, table, budget } = await chosen({ operationsBudget, activations: 4 });
    expect(budget).toEqual({ of: 'operations', share: operationsBudget });
    const cost = own.reduce((sum, { bits }, i) => sum + bits * layers[i]!.multiplications * layers[i]!.entering, 0);
    const whole = layers.reduce((sum, { multiplications }) => sum + multiplications * 1024, 0);
    const row = table.find((one) => one.chosen)!;
    expect(row.share).toBeCloseTo(cost / whole, 9);
    expect(row.share).toBeLessThanOrEqual(operationsBudget);
    expect(row.share).toBeGreaterThan(0.8 * operationsBudget);
  });

  it('is spent better than on the same bits everywhere', async () => {
    const { table } = await chosen({ budget: 0.125 });
    const uniform = await chosen({ budget: 0.125, firstLast: { weights: 4 } });
    const row = (own: MixedPrecision) => own.table.find((one) => one.chosen)!;
    expect(row({ table } as MixedPrecision).divergence).toBeLessThanOrEqual(row(uniform).divergence);
    expect(uniform.layers[0]!.bits).toBe(4);
    expect(uniform.layers.at(-1)!.bits).toBe(4);
  });

  it('gives a table in which more costs buys less divergence', async () => {
    const { table } = await chosen({ budget: 0.1 });
    expect(table.length).toBeGreaterThan(8);
    expect(table.filter((row) => row.chosen)).toHaveLength(1);
    for (let i = 1; i < table.length; i++) {
      expect(table[i]!.share).toBeGreaterThan(table[i - 1]!.share);
      expect(table[i]!.divergence).toBeLessThanOrEqual(table[i - 1]!.divergence);
    }
    expect(table[0]!.bits).toEqual([2, 2, 2, 2]);
  });

  it('stores each weight in the bits that were chosen', async () => {
    const { graph, precision, bits } = await quantize({ budget: 0.12 });
    expect(new Set(precision!.layers.map((layer) => layer.bits)).size).toBeGreaterThan(1);
    for (const { weight, bits: own } of precision!.layers) {
      const codes = Array.from(numbersOf(graph.initializers.get(`${weight}.q`)!));
      const most = Math.max(...codes.map((code) => (code < 0 ? -code : code + 1)));
      expect(most).toBeLessThanOrEqual(2 ** (own - 1));
      expect(most).toBeGreaterThan(2 ** (own - 2));
    }
    const counts = precision!.layers.filter((layer) => layer.bits === bits.weights).length;
    expect(counts).toBeGreaterThanOrEqual(1);
  });

  it('counts what stays in float, and tells a budget that cannot be kept before it measures', async () => {
    const events: ProgressEvent[] = [];
    await expect(quantize({ budget: 0.06 }, (event) => events.push(event))).rejects.toMatchObject({
      code: 'option-invalid',
      path: 'budget',
    });
    expect(events.some(({ stage }) => stage === 'sensitivity')).toBe(false);
    // The stem is a sixth of all weights: at 32 bits it takes 0.153 alone.
    await expect(quantize({ budget: 0.2, exclude: ['stem'] })).rejects.toMatchObject({ code: 'option-invalid' });
    const { layers: own } = await chosen({ budget: 0.3, exclude: ['stem'] });
    const stored = own.reduce((sum, { elements, bits }) => sum + elements * bits, 0);
    expect((stored + 32 * 216) / (32 * 1408)).toBeLessThanOrEqual(0.3);
  });

  it('is one', () => {
    expect(() => quantizer({ budget: 0.2, operationsBudget: 0.2 })).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'operationsBudget' }),
    );
  });

  it('reports each rounding that was tried', async () => {
    const events: ProgressEvent[] = [];
    await quantize({ budget: 0.2 }, (event) => events.push(event));
    const own = events.filter(({ stage }) => stage === 'sensitivity');
    expect(own.map(({ done }) => done)).toEqual(Array.from({ length: 28 }, (_, i) => i + 1));
    expect(own[0]).toMatchObject({ total: 28, unit: 'roundings' });
  });
});
