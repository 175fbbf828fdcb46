import { int64Of, tensorOf } from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { difference, graph, node, normal, runOrt } from '../fixture.ts';
import { makeBatchDynamic } from './batch.ts';

/** Frees the batch, and checks that several samples together give what each gives alone in the file. */
async function freed(original: Graph): Promise<Graph> {
  const { graph: result, reason } = makeBatchDynamic(original);
  expect(reason).toBeUndefined();
  const [declared, ...sample] = original.inputs[0]!.shape as [number | string, ...number[]];
  const size = typeof declared === 'number' ? declared : 1;
  const x = normal([2 * size, ...sample], 5);
  const together = (await runOrt(result, { x })).y!;
  const half = x.data.length / 2;
  for (const part of [0, 1]) {
    const alone = { ...x, dims: [size, ...sample], data: x.data.slice(part * half, (part + 1) * half) };
    const expected = (await runOrt(original, { x: alone })).y!;
    const count = expected.data.length;
    const own = (together.data as Float32Array).slice(part * count, (part + 1) * count);
    expect(together.data.length).toBe(2 * count);
    expect(difference(expected, { ...expected, data: own })).toBeLessThan(1e-5);
  }
  expect(result.inputs[0]?.shape).toEqual(['N', ...sample]);
  expect(result.outputs[0]?.shape[0]).toBe('N');
  return result;
}

const flatten = (target: readonly number[], size = 1, after: ReturnType<typeof node>[] = []): Graph =>
  graph({
    input: [size, 3, 8, 8],
    nodes: [node('Relu', ['x'], ['h']), node('Reshape', ['h', 'to'], [after.length > 0 ? 'r' : 'y']), ...after],
    initializers: { to: int64Of(target), w: normal([192, 5]), back: int64Of([size, 4, 48]) },
  });

describe('a batch size inside the targets of Reshape', () => {
  it('is replaced', async () => {
    const result = await freed(flatten([1, 192]));
    expect(result.initializers.get(result.nodes[1]?.inputs[1] ?? '')).toEqual(int64Of([0, 192]));
    await freed(flatten([1, -1]));
    await freed(flatten([4, 192], 4));
    await freed(flatten([1, 3, 64]));
    await freed(flatten([1, 192], 1, [node('MatMul', ['r', 'w'], ['y'])]));
  });

  it('is followed through an axis that holds more than the batch', async () => {
    await freed(flatten([3, 64], 1, [node('Sigmoid', ['r'], ['s']), node('Reshape', ['s', 'back'], ['y'])]));
  });

  it('leaves targets alone that follow the batch already', async () => {
    for (const target of [
      [-1, 192],
      [0, -1],
    ]) {
      const original = flatten(target);
      const result = await freed(original);
      expect(result.nodes).toEqual(original.nodes);
    }
  });
});

it('replaces the sizes of Resize and the shape of Expand', async () => {
  const resize = graph({
    input: [2, 3, 4, 4],
    nodes: [node('Resize', ['x', '', '', 'sizes'], ['y'], { mode: 'linear' })],
    initializers: { sizes: int64Of([2, 3, 8, 6]) },
  });
  expect((await freed(resize)).nodes[0]?.inputs).toEqual(['x', '', 'y_scales']);
  const expand = graph({
    input: [2, 3, 1, 1],
    nodes: [node('Expand', ['x', 'shape'], ['y'])],
    initializers: { shape: int64Of([2, 3, 4, 4]) },
  });
  await freed(expand);
});

it('renames a batch that is free already and fills in the output shape', async () => {
  const original = graph({
    input: ['batch', 6],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: { w: normal([6, 4]) },
  });
  const result = await freed(original);
  expect(result.outputs[0]?.shape).toEqual(['N', 4]);
});

it('resolves a branch first', async () => {
  const branch = (to: string) => ({
    type: 'graph' as const,
    value: {
      ...graph({ nodes: [node('Reshape', ['x', to], [`${to}_y`])], output: { name: `${to}_y`, shape: ['...'] } }),
      inputs: [],
    },
  });
  const nodes = [
    node('Shape', ['x'], ['s'], { start: 1, end: 2 }),
    node('Equal', ['s', 'three'], ['condition']),
    node('If', ['condition'], ['y'], { then_branch: branch('flat'), else_branch: branch('other') }),
  ];
  const initializers = { three: int64Of([3]), flat: int64Of([1, 192]), other: int64Of([1, 3, 64]) };
  const result = await freed(graph({ input: [1, 3, 8, 8], nodes, initializers }));
  expect(result.nodes.map(({ op }) => op)).toContain('Reshape');
});

describe('a batch that cannot be free', () => {
  const kept = (original: Graph, size: number): string => {
    const { graph: result, reason } = makeBatchDynamic(original);
    expect(result.inputs[0]?.shape[0]).toBe(size);
    expect(result.nodes).toEqual(original.nodes);
    return reason ?? '';
  };

  it('since a constant has its size', () => {
    const original = graph({
      input: [4, 3],
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: { w: normal([4, 3]) },
    });
    expect(kept(original, 4)).toMatch(/Add "y"/);
  });

  it('since the output has no axis for it', () => {
    expect(kept(graph({ input: [1, 6], nodes: [node('ReduceSum', ['x'], ['y'])] }), 1)).toMatch(
      /does not count samples/,
    );
    const transposed = graph({ input: [2, 6], nodes: [node('Transpose', ['x'], ['y'], { perm: [1, 0] })] });
    expect(kept(transposed, 2)).toMatch(/does not count samples/);
  });

  it('since an operator is not known; a free one is trusted', () => {
    const own = { ...node('Own', ['x'], ['y']), domain: 'my.domain' };
    expect(kept(graph({ input: [1, 6], nodes: [own] }), 1)).toMatch(/Own/);
    const free = makeBatchDynamic(graph({ input: ['b', 6], nodes: [own], output: { name: 'y', shape: ['b', 'k'] } }));
    expect(free.reason).toBeUndefined();
    expect([free.graph.inputs[0]?.shape, free.graph.outputs[0]?.shape]).toEqual([
      ['N', 6],
      ['N', 'k'],
    ]);
  });

  it('has its output shapes filled in all the same', () => {
    const original = graph({
      input: [4, 3],
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: { w: tensorOf('float32', [4, 3], new Float32Array(12)) },
    });
    expect(makeBatchDynamic(original).graph.outputs[0]?.shape).toEqual([4, 3]);
  });
});
