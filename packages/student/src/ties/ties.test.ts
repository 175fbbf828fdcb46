import { numbersOf, tensorOf } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { decodedBias } from '../bias.ts';
import { findQuantisers } from '../quantisers.ts';
import { network, noise, quantize } from '../testing/networks.ts';
import { withoutTies } from './ties.ts';

/** Steps of the three layers of the network: of the input, of each channel of the weight, of the output where it is rounded. */
function layersOf(graph: Graph) {
  const steps = (name: string) => Array.from(numbersOf(graph.initializers.get(name)!));
  return findQuantisers(graph).weights.map(({ node, scale }) => {
    const layer = graph.nodes.find(({ inputs }) => inputs[1] === node.outputs[0])!;
    const input = graph.nodes.find(({ outputs }) => outputs[0] === layer.inputs[0])!;
    let reader = graph.nodes.find(({ inputs }) => inputs[0] === layer.outputs[0]);
    if (reader?.op === 'Relu') reader = graph.nodes.find(({ inputs }) => inputs[0] === reader!.outputs[0]);
    const output = reader?.op === 'QuantizeLinear' ? steps(reader.inputs[1]!)[0] : undefined;
    return { input: steps(input.inputs[1]!)[0]!, weight: steps(scale), output };
  });
}

/** How near a sum of a layer comes to where rounding turns, in codes. */
function nearestTie({ input, weight, output = 1 }: ReturnType<typeof layersOf>[number], levels: number): number {
  let nearest = 1;
  for (const step of weight) {
    const factor = (input * step) / output;
    for (let sum = 0; sum * factor < levels; sum++) {
      const codes = sum * factor;
      nearest = Math.min(nearest, Math.abs(codes - Math.floor(codes) - 0.5));
    }
  }
  return nearest;
}

describe('a network without ties', () => {
  it.each([
    { weights: 4, activations: 8, granularity: 'channel' },
    { weights: 8, activations: 8, granularity: 'channel' },
    { weights: 8, activations: 8, granularity: 'tensor' },
  ] as const)('keeps sums from where rounding turns ($weights bits, $activations, $granularity)', async (own) => {
    const { graph } = await quantize(network(), own.weights, noise(64), own);
    const after = withoutTies(graph);
    const [before, moved] = [layersOf(graph), layersOf(after)];
    const levels = 2 ** own.activations - 1;
    const wanted = 2 ** -19 * levels;
    const rounded = moved.filter(({ output }) => output !== undefined);
    expect(rounded.length).toBeGreaterThanOrEqual(2);
    // Sums are computed here from steps of single precision.
    for (const layer of rounded) expect(nearestTie(layer, levels)).toBeGreaterThan(wanted - 2 ** -23 * levels);
    expect(Math.min(...before.slice(0, 2).map((layer) => nearestTie(layer, levels)))).toBeLessThan(wanted);
    moved.forEach(({ weight }, i) => {
      weight.forEach((step, c) => {
        expect(Math.abs(step / before[i]!.weight[c]! - 1)).toBeLessThan(2e-3);
      });
    });
  });

  it('keeps codes and nodes, and what biases stand for', async () => {
    const { graph } = await quantize(network(), 4, noise(64), { activations: 8 });
    const after = withoutTies(graph);
    expect(after.nodes).toEqual(graph.nodes);
    const { weights, biases } = findQuantisers(graph);
    for (const { codes } of weights) expect(after.initializers.get(codes)).toEqual(graph.initializers.get(codes));
    for (const { quantised } of biases) {
      const stored = quantised!;
      const steps = numbersOf(after.initializers.get(stored.scale)!);
      const [was, is] = [decodedBias(graph, stored).data, decodedBias(after, stored).data];
      is.forEach((value, i) => {
        expect(Math.abs(value - was[i]!)).toBeLessThanOrEqual(0.51 * (steps[i] ?? steps[0]!));
      });
    }
  });

  it('changes nothing more when it is told again', async () => {
    const { graph } = await quantize(network(), 4, noise(64), { activations: 8 });
    const once = withoutTies(graph);
    expect(withoutTies(once).initializers).toEqual(once.initializers);
  });

  it('leaves a layer as it is whose weight is that of another too', async () => {
    const { graph } = await quantize(network(), 4, noise(64), { activations: 8 });
    const { weights } = findQuantisers(graph);
    const [first, second] = weights;
    const nodes = graph.nodes.map((node) =>
      node === second!.node ? { ...node, inputs: [node.inputs[0]!, first!.scale, ...node.inputs.slice(2)] } : node,
    );
    const after = withoutTies({ ...graph, nodes });
    expect(after.initializers.get(first!.scale)).toEqual(graph.initializers.get(first!.scale));
  });

  it('leaves steps of more than 8 bits as they are', async () => {
    const { graph } = await quantize(network(), 4, noise(64), { activations: 8 });
    const zeros = new Set(findQuantisers(graph).activations.map(({ node }) => node.inputs[2]!));
    const initializers = new Map(graph.initializers);
    for (const name of zeros) {
      const { dims, data } = graph.initializers.get(name)!;
      initializers.set(name, tensorOf('uint16', dims, numbersOf({ dtype: 'uint8', dims, data } as Tensor)));
    }
    const wide = { ...graph, initializers };
    expect(findQuantisers(wide).activations.every(({ high }) => high === 65535)).toBe(true);
    for (const { scale } of findQuantisers(graph).weights) {
      expect(withoutTies(wide).initializers.get(scale)).toEqual(graph.initializers.get(scale));
    }
  });

  it('takes one step for all weights and a step for each bias', async () => {
    const { graph } = await quantize(network(), 4, noise(64), { activations: 8, granularity: 'tensor' });
    const initializers = new Map(graph.initializers);
    for (const { quantised } of findQuantisers(graph).biases) {
      const { codes, scale } = quantised!;
      const channels = initializers.get(codes)!.dims[0]!;
      const step = numbersOf(initializers.get(scale)!)[0]!;
      initializers.set(scale, tensorOf('float32', [channels], new Float32Array(channels).fill(step)));
    }
    const each = withoutTies({ ...graph, initializers });
    for (const { quantised } of findQuantisers(graph).biases) {
      const { codes, scale } = quantised!;
      const alone = numbersOf(withoutTies(graph).initializers.get(scale)!)[0];
      expect(new Set(Array.from(numbersOf(each.initializers.get(scale)!)))).toEqual(new Set([alone]));
      expect(each.initializers.get(codes)).toEqual(withoutTies(graph).initializers.get(codes));
    }
  });
});
