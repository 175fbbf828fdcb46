import type { Graph, Model } from '@datafree/plugin';
import { expect, it } from 'vitest';
import { stagesOf } from './stages.ts';

/** Two activations of 8 × 8, two of 4 × 4, one of 2 × 2, and what is left without positions. */
function network(): Model {
  const nodes: Graph['nodes'] = [
    node('Relu', 'input', 'first'),
    node('Abs', 'first', 'second'),
    { ...node('MaxPool', 'second', 'third'), attributes: pooling },
    node('Abs', 'third', 'fourth'),
    { ...node('MaxPool', 'fourth', 'fifth'), attributes: pooling },
    node('Flatten', 'fifth', 'logits'),
  ];
  const input = { name: 'input', dtype: 'float32', shape: ['N', 2, 8, 8] } as const;
  const output = { name: 'logits', dtype: 'float32', shape: ['N', 8] } as const;
  const graph: Graph = {
    name: 'network',
    opset: { '': 21 },
    inputs: [input],
    outputs: [output],
    initializers: new Map(),
    nodes,
    metadata: new Map(),
  };
  return { graph, input, output, batchNorms: [], hash: '' };
}

const pooling = {
  kernel_shape: { type: 'ints', value: [2, 2] },
  strides: { type: 'ints', value: [2, 2] },
} as const;

function node(op: string, input: string, output: string): Graph['nodes'][number] {
  return { op, domain: '', name: output, inputs: [input], outputs: [output], attributes: {} };
}

/** A graph that has values of these names behind DequantizeLinear. */
function student(...names: string[]): Graph {
  return { ...network().graph, nodes: names.map((name) => node('DequantizeLinear', `${name}.q`, name)) };
}

it('are the last activations of each size that both networks have, from shallow to deep', () => {
  expect(stagesOf(network(), student('first', 'second', 'third', 'fourth', 'fifth', 'logits'))).toEqual([
    'second',
    'fourth',
    'fifth',
  ]);
  // The order is that of the network, whatever that of the student.
  expect(stagesOf(network(), student('third', 'other', 'first'))).toEqual(['first', 'third']);
  expect(stagesOf(network(), student('logits', 'other'))).toEqual([]);
});
