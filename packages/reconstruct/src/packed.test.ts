import { numbersOf, tensorOf } from '@datafree/core';
import { decodeModel, encodeModel } from '@datafree/onnx';
import type { Graph, Quantized } from '@datafree/plugin';
import { findQuantisers } from '@datafree/student';
import { describe, expect, it } from 'vitest';
import { distil } from '../../finetuner/src/finetune.ts';
import { reconstruct } from './reconstruct.ts';
import { context, images, quantize, residualNetwork, valuesOn } from './testing/residual.ts';

type Container = 'int8' | 'int4' | 'uint4';

const bits = 4;
const model = residualNetwork();
const samples = images(64);
const heldOut = images(64, 77);

const fineTuners = {
  distil: distil({ steps: 40, batch: 16, augmentations: [] }),
  reconstruct: reconstruct({ steps: 40, batch: 16 }),
};

/** The outputs of a network. */
async function outputsOf(graph: Graph): Promise<Float32Array> {
  const [logits] = await valuesOn(graph, ['logits'], heldOut);
  return logits!.data as Float32Array;
}

/** Root mean square of a difference. */
function distance(one: Float32Array, other: Float32Array): number {
  return Math.sqrt(one.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0) / one.length);
}

function codesOf(graph: Graph): number[][] {
  return findQuantisers(graph).weights.map(({ codes }) => Array.from(numbersOf(graph.initializers.get(codes)!)));
}

/** The network with its packed weights a byte each. */
function unpacked(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  for (const { codes, zeroPoint } of findQuantisers(graph).weights) {
    for (const name of [codes, zeroPoint!]) {
      const tensor = graph.initializers.get(name)!;
      const middle = tensor.dtype === 'uint4' ? 8 : 0;
      const signed = Array.from(numbersOf(tensor), (code) => code - middle);
      initializers.set(name, tensorOf('int8', tensor.dims, signed));
    }
  }
  return { ...graph, initializers };
}

describe.each(['distil', 'reconstruct'] as const)('packed weights learn by %s', (method) => {
  const learned = async (container: Container) => {
    const quantized = await quantize(model, bits, { container });
    const tuned = await fineTuners[method].fineTune(model, quantized, samples, context());
    const written = ({ graph }: Quantized): Graph => decodeModel(encodeModel(graph));
    return { before: written(quantized), after: written(tuned) };
  };
  const all = { int8: learned('int8'), int4: learned('int4'), uint4: learned('uint4') };

  it.each(['int4', 'uint4'] as const)('in %s, in which they stay', async (container) => {
    const { before, after } = await all[container];
    const { weights } = findQuantisers(after);
    expect(weights).toHaveLength(6);
    for (const { codes, zeroPoint } of weights) {
      for (const name of [codes, zeroPoint!]) expect(after.initializers.get(name)!.dtype).toBe(container);
    }
    expect(codesOf(after)).not.toEqual(codesOf(before));

    const outputs = await outputsOf(after);
    const exact = await outputsOf(model.graph);
    const untuned = await outputsOf(before);
    expect(distance(outputs, exact)).toBeLessThan(0.85 * distance(untuned, exact));
    const step = Math.max(...outputs.map(Math.abs)) / 2 ** bits;
    // What the codes stand for is the same a byte each.
    const same = await outputsOf(unpacked(after));
    expect(Math.max(...outputs.map((value, i) => Math.abs(value - same[i]!)))).toBeLessThan(step);
    // Learning began at biases that lie apart by less than their step, so that few roundings go another way.
    const apart = distance(outputs, await outputsOf((await all.int8).after));
    expect(apart).toBeLessThan(step / 2);
    expect(apart).toBeLessThan(distance(outputs, untuned));
  });

  it('to the same outputs in int4 and uint4', async () => {
    const [signed, unsigned] = [(await all.int4).after, (await all.uint4).after];
    expect(codesOf(unsigned).map((own) => own.map((code) => code - 8))).toEqual(codesOf(signed));
    expect(await outputsOf(unsigned)).toEqual(await outputsOf(signed));
  });
});
