import { expect, it } from 'vitest';
import { quantizedBits } from './bits.ts';
import { network, quantize } from './testing/networks.ts';

it.each([3, 4, 8])('reads %i bits from a quantised graph', async (bits) => {
  const { graph } = await quantize(network(), bits);
  expect(quantizedBits(graph)).toEqual({ weights: bits, activations: bits });
});

it('counts activations that enter a layer, not those of sums and outputs', async () => {
  const { graph } = await quantize(network(), 4);
  const others = graph.nodes
    .filter(({ op }) => op === 'QuantizeLinear')
    .flatMap((node) => ['sum', 'output'].map((use) => ({ ...node, name: '', outputs: [`${node.outputs[0]}.${use}`] })));
  expect(quantizedBits({ ...graph, nodes: [...graph.nodes, ...others] })).toEqual({ weights: 4, activations: 4 });
});

it('finds none in a graph that is not quantised', () => {
  expect(quantizedBits(network().graph)).toBeUndefined();
});
