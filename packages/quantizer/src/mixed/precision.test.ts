import { float32Of, numbersOf } from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import type { MixedPrecision, ProgressEvent, Quantized } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import type { QuantizerOptions } from '../options.ts';
import { quantizer } from '../quantizer.ts';
import { contextOf, Network, noise, residualNetwork, samplesOf } from '../testing/network.ts';
import { outputOf } from '../testing/run.ts';

const { optimized: _, ...runtime } = ort({ threads: 1 });
const model = residualNetwork();
const samples = samplesOf(noise([40, 3, 8, 8]));

async function quantize(options: QuantizerOptions, onProgress = (_event: ProgressEvent) => {}): Promise<Quantized> {
  return quantizer(options).quantize(model, samples, contextOf(runtime, { onProgress }));
}

async function chosen(options: QuantizerOptions): Promise<MixedPrecision> {
  return (await quantize(options)).precision!;
}

/** Elements of the weights, and multiplications a sample. */
const layers = [
  { node: 'stem', elements: 216, multiplications: 216 * 64 },
  { node: 'conv1', elements: 576, multiplications: 576 * 64 },
  { node: 'conv2', elements: 576, multiplications: 576 * 64 },
  { node: 'logits', elements: 40, multiplications: 40 },
];

/** Bits that are multiplied, as a part of those in fp32. */
function operations({ layers: own }: MixedPrecision): number {
  const cost = own.reduce((sum, { bits, activations }, i) => sum + bits * activations * layers[i]!.multiplications, 0);
  return cost / layers.reduce((sum, { multiplications }) => sum + 1024 * multiplications, 0);
}

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

  it('of operations is shared out between the bits of both factors', async () => {
    const operationsBudget = 0.02;
    const { graph, precision, bits } = await quantize({ operationsBudget });
    const { layers: own, table, budget } = precision!;
    expect(budget).toEqual({ of: 'operations', share: operationsBudget });
    const row = table.find((one) => one.chosen)!;
    expect(row.share).toBeCloseTo(operations(precision!), 9);
    expect(row.share).toBeLessThanOrEqual(operationsBudget);
    expect(row.share).toBeGreaterThan(0.9 * operationsBudget);
    expect(row.activations).toEqual(own.map(({ activations }) => activations));
    // The image keeps 8 bits; the others have bits of their own.
    const [image, ...inner] = own.map(({ activations }) => activations);
    expect(image).toBe(8);
    expect(Math.min(...inner)).toBeLessThan(8);
    expect(inner).toContain(bits.activations);
    for (const [i, tensor] of ['stem_relu', 'conv1_relu', 'pool'].entries()) {
      const { inputs } = graph.nodes.find(({ outputs }) => outputs[0] === `${tensor}.clip`) ?? { inputs: [] };
      const highest = graph.initializers.get(inputs[2] ?? '')?.data[0] ?? 255;
      expect(highest).toBe(2 ** inner[i]! - 1);
    }
  });

  it('of operations does more with bits of activations to choose', async () => {
    const { table } = await chosen({ operationsBudget: 0.02 });
    const least = await chosen({ operationsBudget: 0.02, activations: 2 });
    for (const { activations } of least.layers.slice(1)) expect(activations).toBe(2);
    const some = await chosen({ operationsBudget: 0.02, activations: 4 });
    expect(Math.max(...some.layers.slice(1).map(({ activations }) => activations))).toBeLessThanOrEqual(4);
    const divergences = [table, some.table, least.table].map((rows) => rows.find((row) => row.chosen)!.divergence);
    expect([...divergences].sort((a, b) => a - b)).toEqual(divergences);
    expect(divergences[0]).toBeLessThan(divergences[2]!);
  });

  it('leaves the bits of activations that are given, or that several layers read', async () => {
    const { layers: ends } = await chosen({ operationsBudget: 0.02, firstLast: { activations: 5 } });
    expect(ends.at(-1)!.activations).toBe(5);

    const net = new Network([3, 8, 8]);
    const shared = net.op('Relu', [net.conv('x', [3, 4], 'stem')], 'shared');
    const left = net.op('Relu', [net.conv(shared, [4, 4], 'left')], 'left_relu');
    net.op('Add', [net.conv(left, [4, 4], 'second'), net.conv(shared, [4, 4], 'right', { kernel: 1 })], 'sum');
    net.conv('sum', [4, 2], 'last');
    const { precision } = await quantizer({ operationsBudget: 0.012, activations: 6 }).quantize(
      net.model({ last: ['N', 2, 8, 8] }),
      samples,
      contextOf(runtime),
    );
    const entering = Object.fromEntries(precision!.layers.map(({ node, activations }) => [node, activations]));
    expect(entering).toMatchObject({ stem: 8, left: 6, right: 6 });
    expect(entering.second).toBeLessThan(6);
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
    expect(() => quantizer({ budget: 0.06 }).check?.(model)).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'budget' }),
    );
    expect(() => quantizer({ budget: 0.3 }).check?.(model)).not.toThrow();
    // The stem is a sixth of all weights: at 32 bits it takes 0.153 alone.
    await expect(quantize({ budget: 0.2, exclude: ['stem'] })).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(quantize({ budget: 0.2, exclude: [/./] })).rejects.toMatchObject({ code: 'option-invalid' });
    const { layers: own } = await chosen({ budget: 0.3, exclude: ['stem'] });
    const stored = own.reduce((sum, { elements, bits }) => sum + elements * bits, 0);
    expect((stored + 32 * 216) / (32 * 1408)).toBeLessThanOrEqual(0.3);
  });

  it('is one', () => {
    expect(() => quantizer({ budget: 0.2, operationsBudget: 0.2 })).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'operationsBudget' }),
    );
  });

  it('takes the place of bits for all weights', () => {
    for (const own of [{ budget: 0.2 }, { operationsBudget: 0.02 }]) {
      expect(() => quantizer({ ...own, weights: 4 })).toThrowError(
        expect.objectContaining({ code: 'option-invalid', path: 'weights' }),
      );
    }
  });

  it('reports each rounding that was tried', async () => {
    const tried = async (options: QuantizerOptions): Promise<ProgressEvent[]> => {
      const events: ProgressEvent[] = [];
      await quantize(options, (event) => events.push(event));
      return events.filter(({ stage }) => stage === 'sensitivity');
    };
    const own = await tried({ budget: 0.2 });
    expect(own.map(({ done }) => done)).toEqual(Array.from({ length: 28 }, (_, i) => i + 1));
    expect(own[0]).toMatchObject({ total: 28, unit: 'roundings' });
    // Weights at 7 widths, three activations at 3.
    expect(await tried({ operationsBudget: 0.02, activations: 4 })).toHaveLength(28 + 9);
  });

  it('gives the same bits and bytes again', async () => {
    const [one, other] = [await quantize({ operationsBudget: 0.02 }), await quantize({ operationsBudget: 0.02 })];
    expect(other.precision).toEqual(one.precision);
    expect(encodeModel(other.graph)).toEqual(encodeModel(one.graph));
  });
});

describe('the divergence of a layer', () => {
  const images = noise([40, 3, 8, 8]);
  /** Weights and entering activation of the classifier, and its outputs, as they are without a rounding. */
  async function classifier() {
    const flat = await outputOf(runtime, model.graph, model, images, 'flat');
    const [weight, bias] = ['logits.w', 'logits.b'].map((name) => float32Of(model.graph.initializers.get(name)!));
    return { flat, weight: weight!, bias: bias! };
  }

  /** Logits of 5 classes from 8 values a sample. */
  function logits(values: Float32Array, weight: Float32Array, bias: Float32Array): number[][] {
    return Array.from({ length: 40 }, (_, n) =>
      Array.from(bias, (start, k) => {
        let sum = start;
        for (let i = 0; i < 8; i++) sum += values[8 * n + i]! * weight[8 * k + i]!;
        return sum;
      }),
    );
  }

  function probabilities(row: readonly number[]): number[] {
    const powers = row.map(Math.exp);
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  }

  function meanDivergence(exact: readonly number[][], own: readonly number[][]): number {
    const each = exact.map((row, n) => {
      const [p, q] = [probabilities(row), probabilities(own[n]!)];
      return p.reduce((sum, part, k) => sum + part * Math.log(part / q[k]!), 0);
    });
    return each.reduce((sum, value) => sum + value, 0) / each.length;
  }

  const roundedTo = (step: number, value: number) => step * Math.round(value / step);
  /** Relu and means leave no negative values. */
  const activationStep = (values: Float32Array, bits: number) => Math.max(...values) / (2 ** bits - 1);
  const weightStep = (weight: Float32Array, row: number, bits: number) =>
    Math.max(...weight.subarray(8 * row, 8 * row + 8).map(Math.abs)) / (2 ** (bits - 1) - 1);
  const roundedActivation = (values: Float32Array, bits: number) =>
    values.map((value) => roundedTo(activationStep(values, bits), value));
  const roundedWeight = (weight: Float32Array, bits: number) =>
    weight.map((value, i) => roundedTo(weightStep(weight, Math.floor(i / 8), bits), value));
  const options = { calibration: 'minmax', weightRange: 'minmax' } as const;

  it('under a budget of size is that of all its roundings', async () => {
    const { flat, weight, bias } = await classifier();
    const { layers: own } = await chosen({ ...options, budget: 0.15, activations: 3, firstLast: { weights: 4 } });
    expect(own.at(-1)).toMatchObject({ bits: 4, activations: 3 });
    const exact = logits(flat, weight, bias);
    // A bias is a whole number of the product of both steps.
    const step = activationStep(flat, 3);
    const roundedBias = bias.map((value, row) => roundedTo(step * weightStep(weight, row, 4), value));
    const expected = logits(roundedActivation(flat, 3), roundedWeight(weight, 4), roundedBias);
    const divergence = meanDivergence(exact, expected);
    expect(Math.abs(own.at(-1)!.divergence / divergence - 1)).toBeLessThan(1e-3);
    // What enters counts.
    const weightsAlone = meanDivergence(exact, logits(flat, roundedWeight(weight, 4), bias));
    expect(Math.abs(divergence / weightsAlone - 1)).toBeGreaterThan(0.2);
  });

  it('under a budget of operations is the sum of weight and activation alone', async () => {
    const { flat, weight, bias } = await classifier();
    const exact = logits(flat, weight, bias);
    const given = { ...options, operationsBudget: 0.01, activations: 3, firstLast: { weights: 4 } };
    const { activations, divergence } = (await chosen(given)).layers.at(-1)!;
    const ofWeight = meanDivergence(exact, logits(flat, roundedWeight(weight, 4), bias));
    const ofActivation = meanDivergence(exact, logits(roundedActivation(flat, activations), weight, bias));
    expect(Math.abs(divergence / (ofWeight + ofActivation) - 1)).toBeLessThan(1e-3);
    expect(ofActivation).toBeGreaterThan(0.1 * ofWeight);
  });
});
