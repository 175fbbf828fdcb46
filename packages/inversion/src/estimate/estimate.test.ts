import { interpret, Random, tensorOf } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { interpreter } from '../testing/interpreter.ts';
import { network } from '../testing/network.ts';
import { estimateInput } from './estimate.ts';
import { constantField } from './field.ts';
import { addNoise } from './noise.ts';

const context = { runtime: interpreter(), seed: 3 };
const assumed = { mean: [0, 0, 0], deviation: [1, 1, 1] };

/** A network whose first layer remembers what it saw of the given inputs. */
function trainedOn(input: Float32Array, shape: readonly number[], width: number) {
  const fresh = network({ shape, widths: [width], seed: 5 });
  const samples = input.length / shape.reduce((product, size) => product * size, 1);
  const site = fresh.batchNorms[0]!;
  const wanted = [site.tensor];
  const values = interpret(fresh.graph, { input: tensorOf('float32', [samples, ...shape], input) }, { wanted });
  const data = values[site.tensor]?.data as Float32Array;
  const inner = data.length / (samples * width);
  const mean = new Float32Array(width);
  const variance = new Float32Array(width);
  data.forEach((value, i) => {
    const c = Math.floor(i / inner) % width;
    mean[c] = mean[c]! + value / (samples * inner);
  });
  data.forEach((value, i) => {
    const c = Math.floor(i / inner) % width;
    variance[c] = variance[c]! + (value - mean[c]!) ** 2 / (samples * inner);
  });
  return { ...fresh, batchNorms: [{ ...site, mean, variance }] };
}

function fieldOf(shape: readonly number[], means: readonly number[], grain: number, variance: number): Float32Array {
  const field = constantField(means, shape, 64);
  addNoise(field, shape, { grain, shared: true, variance }, new Random(9));
  return field;
}

describe('estimateInput', () => {
  it('recovers the channel means and the spread of inputs from the first layer', async () => {
    const shape = [3, 12, 12];
    const model = trainedOn(fieldOf(shape, [1, -2, 0.5], 4, 4), shape, 12);
    const estimate = await estimateInput(model, assumed, context);
    expect(estimate.known).toBe(true);
    [1, -2, 0.5].forEach((mean, c) => {
      expect(Math.abs(estimate.mean[c]! - mean)).toBeLessThan(0.25);
    });
    for (const deviation of estimate.deviation) expect(Math.abs(deviation / 2 - 1)).toBeLessThan(0.35);
  });

  it('tells coarse from fine grain', async () => {
    const shape = [1, 16, 16];
    const share = async (grain: number) => {
      const model = trainedOn(fieldOf(shape, [0], grain, 1), shape, 10);
      const { octaves } = await estimateInput(model, { mean: [0], deviation: [1] }, context);
      const total = octaves.reduce((sum, octave) => sum + octave.variance, 0);
      return octaves.filter((octave) => octave.grain <= 2).reduce((sum, octave) => sum + octave.variance, 0) / total;
    };
    expect(await share(1)).toBeGreaterThan(0.8);
    expect(await share(8)).toBeLessThan(0.4);
  });

  it('gives the same estimate for the same seed', async () => {
    const model = network({ shape: [3, 8, 8] });
    expect(await estimateInput(model, assumed, context)).toEqual(await estimateInput(model, assumed, context));
  });

  it('keeps the assumed values where the way to the first layer is not linear', async () => {
    const whole = network({ shape: [3, 8, 8], widths: [4, 4] });
    const second = { ...whole, batchNorms: [whole.batchNorms[1]!] };
    const estimate = await estimateInput(second, assumed, context);
    expect(estimate).toMatchObject({ ...assumed, known: false });
  });

  it('keeps the assumed values without BatchNormalization', async () => {
    const model = { ...network({ shape: [3, 8, 8] }), batchNorms: [] };
    expect((await estimateInput(model, assumed, context)).known).toBe(false);
  });

  it('frees what it opened', async () => {
    const runtime = interpreter();
    await estimateInput(network({ shape: [3, 6, 6] }), assumed, { runtime, seed: 1 });
    expect(runtime.open()).toBe(0);
  });
});
