import { int64Of, tensorOf } from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { difference, floats, graph, node, normal, runOrt } from '../fixture.ts';
import { simplify } from './simplify.ts';

const ops = (result: Graph): string[] => result.nodes.map(({ op }) => op);

/** Simplifies, and checks that the result computes the same for two batch sizes. */
async function simplified(original: Graph): Promise<Graph> {
  const result = simplify(original);
  for (const size of [1, 4]) {
    const shape = (original.inputs[0]?.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : size));
    const x = normal(shape, 3);
    const [before, after] = [await runOrt(original, { x }), await runOrt(result, { x })];
    expect(difference(before.y, after.y)).toBeLessThan(1e-5);
  }
  return result;
}

describe('shape arithmetic', () => {
  const one = int64Of([1]);

  it('becomes constant where the batch does not matter', async () => {
    // Pad by a number of channels that is computed from the shape.
    const result = await simplified(
      graph({
        nodes: [
          node('Shape', ['x'], ['s']),
          node('Gather', ['s', 'channelAxis'], ['c']),
          node('Concat', ['zeros', 'c', 'zeros5', 'c'], ['p'], { axis: 0 }),
          node('Concat', ['p', 'zeros2'], ['pads'], { axis: 0 }),
          node('Pad', ['x', 'pads'], ['y']),
        ],
        initializers: { channelAxis: one, zeros: int64Of([0]), zeros5: int64Of([0, 0, 0]), zeros2: int64Of([0, 0]) },
      }),
    );
    expect(ops(result)).toEqual(['Pad']);
    expect(result.initializers.get('pads')).toEqual(int64Of([0, 3, 0, 0, 0, 3, 0, 0]));
  });

  it('of a Reshape that keeps the batch becomes −1', async () => {
    const result = await simplified(
      graph({
        nodes: [
          node('Shape', ['x'], ['s']),
          node('Slice', ['s', 'zero', 'one'], ['n']),
          node('Concat', ['n', 'rest'], ['to'], { axis: 0 }),
          node('Reshape', ['x', 'to'], ['y']),
        ],
        initializers: { zero: int64Of([0]), one, rest: int64Of([-1]) },
      }),
    );
    expect(ops(result)).toEqual(['Reshape']);
    expect(result.initializers.get(result.nodes[0]?.inputs[1] ?? '')).toEqual(int64Of([-1, 192]));
  });

  it('of an Expand and a Resize becomes constant', async () => {
    const batchOf = [node('Shape', ['x'], ['s']), node('Slice', ['s', 'zero', 'one'], ['n'])];
    const expand = await simplified(
      graph({
        input: ['N', 3, 1, 1],
        nodes: [...batchOf, node('Concat', ['n', 'rest'], ['to'], { axis: 0 }), node('Expand', ['x', 'to'], ['y'])],
        initializers: { zero: int64Of([0]), one, rest: int64Of([3, 4, 5]) },
      }),
    );
    expect(ops(expand)).toEqual(['Expand']);
    expect(expand.initializers.get(expand.nodes[0]?.inputs[1] ?? '')).toEqual(int64Of([1, 3, 4, 5]));
    const resize = await simplified(
      graph({
        nodes: [
          ...batchOf,
          node('Concat', ['n', 'rest'], ['to'], { axis: 0 }),
          node('Resize', ['x', '', '', 'to'], ['y'], { mode: 'linear' }),
        ],
        initializers: { zero: int64Of([0]), one, rest: int64Of([3, 20, 12]) },
      }),
    );
    expect(ops(resize)).toEqual(['Resize']);
    expect(resize.initializers.get(resize.nodes[0]?.inputs[2] ?? '')).toEqual(floats([4], [1, 1, 2.5, 1.5]));
  });

  it('that is needed stays', async () => {
    const result = await simplified(
      graph({
        nodes: [
          node('Shape', ['x'], ['s']),
          node('Cast', ['s'], ['f'], { to: 1 }),
          node('ReduceMax', ['f'], ['m']),
          node('Mul', ['x', 'm'], ['y']),
        ],
        input: ['N', 3, 2, 2],
      }),
    );
    expect(ops(result)).toEqual(['Shape', 'Cast', 'ReduceMax', 'Mul']);
  });
});

describe('nodes that do nothing', () => {
  it('go', async () => {
    const result = await simplified(
      graph({
        input: ['N', 6],
        nodes: [
          node('Identity', ['x'], ['a']),
          node('Cast', ['a'], ['b'], { to: 1 }),
          node('Flatten', ['b'], ['c']),
          node('Dropout', ['c'], ['d']),
          node('Relu', ['d'], ['e']),
          node('Pad', ['e', 'none'], ['f']),
          node('Slice', ['f', 'zero', 'end', 'zero'], ['g']),
          node('Concat', ['g'], ['h'], { axis: 0 }),
          node('Identity', ['h'], ['y']),
        ],
        initializers: { none: int64Of([0, 0, 0, 0]), zero: int64Of([0]), end: int64Of([1000]) },
      }),
    );
    expect(result.nodes.map((n) => [n.op, n.inputs, n.outputs])).toEqual([['Relu', ['x'], ['y']]]);
  });

  it('stay where they name an input or a second output', async () => {
    const direct = await simplified(graph({ input: ['N', 6], nodes: [node('Identity', ['x'], ['y'])] }));
    expect(ops(direct)).toEqual(['Identity']);
    const twice = graph({ input: ['N', 6], nodes: [node('Relu', ['x'], ['y']), node('Identity', ['y'], ['z'])] });
    const outputs = [...twice.outputs, { name: 'z', dtype: 'float32' as const, shape: ['...'] }];
    expect(ops(await simplified({ ...twice, outputs }))).toEqual(['Relu', 'Identity']);
  });

  it('are told from a reversal', async () => {
    const result = await simplified(
      graph({
        input: ['N', 6],
        nodes: [node('Slice', ['x', 'start', 'end', 'axis', 'step'], ['y'])],
        initializers: { start: int64Of([-1]), end: int64Of([-1000]), axis: int64Of([1]), step: int64Of([-1]) },
      }),
    );
    expect(ops(result)).toEqual(['Slice']);
  });
});

describe('pairs', () => {
  it('of Slice merge along different axes', async () => {
    const slice = (x: string, y: string, axis: string) => node('Slice', [x, 'zero', 'end', axis, 'two'], [y]);
    const initializers = {
      zero: int64Of([0]),
      end: tensorOf('int64', [1], [Number.MAX_SAFE_INTEGER]),
      two: int64Of([2]),
      h: int64Of([2]),
      w: int64Of([3]),
      back: int64Of([-1]),
    };
    (initializers.end.data as BigInt64Array)[0] = 2n ** 63n - 1n;
    expect(ops(await simplified(graph({ nodes: [slice('x', 'a', 'h'), slice('a', 'y', 'w')], initializers })))).toEqual(
      ['Slice'],
    );
    expect(ops(await simplified(graph({ nodes: [slice('x', 'a', 'w'), slice('a', 'y', 'w')], initializers })))).toEqual(
      ['Slice', 'Slice'],
    );
    expect(
      ops(await simplified(graph({ nodes: [slice('x', 'a', 'w'), slice('a', 'y', 'back')], initializers }))),
    ).toEqual(['Slice', 'Slice']);
  });

  it('of MatMul and bias become a Gemm', async () => {
    const initializers = { w: normal([6, 4], 1), b: normal([4], 2) };
    for (const sum of [
      ['m', 'b'],
      ['b', 'm'],
    ]) {
      const result = await simplified(
        graph({ input: ['N', 6], nodes: [node('MatMul', ['x', 'w'], ['m']), node('Add', sum, ['y'])], initializers }),
      );
      expect(ops(result)).toEqual(['Gemm']);
    }
    const rank3 = await simplified(
      graph({
        input: ['N', 5, 6],
        nodes: [node('MatMul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])],
        initializers,
      }),
    );
    expect(ops(rank3)).toEqual(['MatMul', 'Add']);
  });

  it('of Conv and one value a channel become a Conv with bias', async () => {
    const conv = node('Conv', ['x', 'w'], ['c']);
    for (const [dims, merged] of [
      [[4, 1, 1], true],
      [[1, 4, 1, 1], true],
      [[4, 1], false],
      [[1, 4, 6, 6], false],
    ] as const) {
      const initializers = { w: normal([4, 3, 3, 3], 1), b: normal(dims, 2) };
      const input = dims.length === 2 ? ['N', 3, 6, 6] : ['N', 3, 8, 8];
      const result = await simplified(graph({ input, nodes: [conv, node('Add', ['c', 'b'], ['y'])], initializers }));
      expect(ops(result), String(dims)).toEqual(merged ? ['Conv'] : ['Conv', 'Add']);
    }
  });

  it('do not merge when another node reads what is between them', async () => {
    const initializers = { w: normal([4, 3, 3, 3], 1), b: normal([4, 1, 1], 2) };
    const nodes = [node('Conv', ['x', 'w'], ['c']), node('Add', ['c', 'b'], ['a']), node('Mul', ['a', 'c'], ['y'])];
    expect(ops(await simplified(graph({ nodes, initializers })))).toEqual(['Conv', 'Add', 'Mul']);
  });
});

it('keeps a batch of one from being squeezed away', () => {
  const original = graph({ input: ['N', 3, 1, 1], nodes: [node('Squeeze', ['x'], ['s']), node('Relu', ['s'], ['y'])] });
  const result = simplify(original);
  expect(result.initializers.get(result.nodes[0]?.inputs[1] ?? '')).toEqual(int64Of([2, 3]));
  const flat = graph({ input: ['N', 3], nodes: [node('Squeeze', ['x'], ['s']), node('Relu', ['s'], ['y'])] });
  expect(ops(simplify(flat))).toEqual(['Relu']);
});

describe('what simplify leaves alone', () => {
  it('quantised weights', async () => {
    const initializers = { q: tensorOf('int8', [3], [1, -2, 3]), s: floats([], [0.5]) };
    const result = await simplified(
      graph({
        input: ['N', 3],
        nodes: [node('DequantizeLinear', ['q', 's'], ['w']), node('Mul', ['x', 'w'], ['y'])],
        initializers,
      }),
    );
    expect(ops(result)).toEqual(['DequantizeLinear', 'Mul']);
  });

  it('large constants that take little to compute', async () => {
    const initializers = { shape: int64Of([1, 300, 300]) };
    const nodes = [node('ConstantOfShape', ['shape'], ['zeros']), node('Add', ['x', 'zeros'], ['y'])];
    const result = await simplified(graph({ input: ['N', 1, 1], nodes, initializers }));
    expect(ops(result)).toEqual(['ConstantOfShape', 'Add']);
  });

  it('operators without a shape rule, and what depends on them', () => {
    const own = { ...node('Own', ['a'], ['b']), domain: 'my.domain' };
    const result = simplify(
      graph({ nodes: [node('Identity', ['x'], ['a']), own, node('Cast', ['b'], ['y'], { to: 1 })] }),
    );
    expect(result.nodes.map((n) => [n.op, n.inputs])).toEqual([
      ['Own', ['x']],
      ['Cast', ['b']],
    ]);
  });
});

it('opens a branch whose condition can be computed', async () => {
  const branch = (op: string) => ({
    type: 'graph' as const,
    value: {
      ...graph({ nodes: [node(op, ['x'], [`${op}_y`])], output: { name: `${op}_y`, shape: ['...'] } }),
      inputs: [],
    },
  });
  // The way PyTorch exports squeeze(1): if the axis has size 1.
  const nodes = [
    node('Shape', ['x'], ['s']),
    node('Gather', ['s', 'one'], ['c']),
    node('Equal', ['c', 'one'], ['condition']),
    node('If', ['condition'], ['h'], { then_branch: branch('Neg'), else_branch: branch('Relu') }),
    node('Sigmoid', ['h'], ['y']),
  ];
  expect(ops(await simplified(graph({ nodes, initializers: { one: int64Of([1]) } })))).toEqual(['Relu', 'Sigmoid']);
});
