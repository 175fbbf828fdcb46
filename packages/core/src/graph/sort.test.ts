import type { Graph, Node } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sort } from './sort.ts';

const node = (name: string, inputs: string[], outputs = [name]): Node => ({
  op: 'Sum',
  domain: '',
  name,
  inputs,
  outputs,
  attributes: {},
});
const graph = (nodes: Node[]): Graph => ({
  name: 'g',
  opset: { '': 21 },
  inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
  outputs: [],
  initializers: new Map(),
  nodes,
  metadata: new Map(),
});

describe('sort', () => {
  it('puts every producer before its consumers, from any order', () => {
    const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 40 });
    const order = fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 });
    fc.assert(
      fc.property(edges, order, (pairs, shuffled) => {
        const inputsOf = (i: number) => pairs.filter(([a, z]) => z === i && a < i).map(([a]) => `v${a}`);
        const sorted = sort(graph(shuffled.map((i) => node(`v${i}`, ['x', ...inputsOf(i)])))).nodes;
        const seen = new Set(['x']);
        for (const { inputs, outputs } of sorted) {
          for (const input of inputs) expect(seen).toContain(input);
          for (const output of outputs) seen.add(output);
        }
        expect(sorted).toHaveLength(12);
      }),
    );
  });

  it('keeps an order that is right already', () => {
    const nodes = [node('a', ['x']), node('b', ['x']), node('c', ['b', 'a'])];
    expect(sort(graph(nodes)).nodes).toEqual(nodes);
  });

  it('refuses a cycle and a value that nothing produces', () => {
    const code = expect.objectContaining({ code: 'model-invalid' });
    expect(() => sort(graph([node('a', ['b']), node('b', ['a'])]))).toThrowError(code);
    expect(() => sort(graph([node('a', ['a'])]))).toThrowError(code);
    expect(() => sort(graph([node('a', ['missing'])]))).toThrowError(code);
  });
});
