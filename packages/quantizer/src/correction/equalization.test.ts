import { bind, interpret, numbersOf } from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import type { Graph, Model, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { prepare } from '../prepare/prepare.ts';
import { Network, noise } from '../testing/network.ts';
import { equalize } from './equalization.ts';

/** Two convolutions with BatchNormalization and a bound between them; the channels differ by powers of 4. */
function uneven({ top, group }: { readonly top?: number; readonly group: number }): Model {
  const net = new Network([3, 6, 6]);
  const vector = (name: string, values: number[]): string =>
    net.constant(name, { dtype: 'float32', dims: [4], data: Float32Array.from(values) });
  const norm = net.op(
    'BatchNormalization',
    [
      net.conv('x', [3, 4], 'first'),
      vector('scale', [0.01, 0.04, 0.16, 0.64]),
      vector('shift', [0.01, 0, 0.1, 0.2]),
      vector('mean', [0, 0, 0, 0]),
      vector('variance', [1, 1, 1, 1]),
    ],
    'norm',
  );
  const limit = (name: string, value: number): string =>
    net.constant(name, { dtype: 'float32', dims: [], data: Float32Array.of(value) });
  const bounded = net.op(
    'Clip',
    [norm, limit('zero', 0), ...(top === undefined ? [] : [limit('top', top)])],
    'bounded',
  );
  net.conv(bounded, [4, 4], 'y', { group });
  return prepareModel(net.graph({ y: ['N', 4, 6, 6] }));
}

function ranges(graph: Graph): number[] {
  const { bounded } = interpret(bind(graph, { N: 4 }, { keep: ['bounded'] }), { x: noise([4, 3, 6, 6]) });
  const values = Array.from(numbersOf(bounded as Tensor));
  return [0, 1, 2, 3].map((c) => Math.max(...values.filter((_, i) => Math.floor(i / 36) % 4 === c)));
}

const spread = (values: number[]): number => Math.max(...values) / Math.min(...values);

describe('equalize', () => {
  it('evens out the channels and keeps what the network computes', () => {
    for (const group of [1, 4]) {
      const model = uneven({ group });
      const plain = prepare(model);
      const even = equalize(plain, model);
      expect(spread(ranges(even))).toBeLessThan(spread(ranges(plain)) / 4);
      const x = noise([4, 3, 6, 6]);
      const [before, after] = [plain, even].map((graph) =>
        numbersOf(interpret(bind(graph, { N: 4 }), { x }).y as Tensor),
      );
      Array.from(after as ArrayLike<number>).forEach((value, i) => {
        expect(value).toBeCloseTo((before as ArrayLike<number>)[i] as number, 4);
      });
    }
  });

  it('keeps channels below the bound of a Clip', () => {
    const model = uneven({ top: 2, group: 1 });
    const even = equalize(prepare(model), model);
    expect(Math.max(...ranges(even))).toBeLessThanOrEqual(2);
    expect(spread(ranges(even))).toBeLessThan(spread(ranges(prepare(model))));
  });

  it('leaves alone what it cannot read a range for', () => {
    const net = new Network([3, 6, 6]);
    net.conv(net.op('Relu', [net.conv('x', [3, 4], 'c')], 'r'), [4, 2], 'y');
    const model = net.model({ y: ['N', 2, 6, 6] });
    const graph = prepare(model);
    expect(equalize(graph, model).initializers).toEqual(graph.initializers);
  });
});
