import { GraphBuilder, mul, reduceMean, relu } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { ort } from '../ort.ts';
import { reduceEarly } from './reduceEarly.ts';

/** Relus one after the other, with means of what is between them along one axis or both. */
function chain(size: number) {
  const b = new GraphBuilder({ name: 'chain' });
  let x = b.input('x', 'float32', [size, size]);
  for (let i = 0; i < 3; i++) {
    x = relu(b, mul(b, x, 0.5));
    b.output(reduceMean(b, x, i === 1 ? [0, 1] : [0]), `mean ${i}`);
  }
  return b.build();
}

describe('reduceEarly', () => {
  it('gives what makes little of much a reader, the first one last', () => {
    const graph = chain(256);
    const added = reduceEarly(graph).nodes.slice(graph.nodes.length);
    const means = graph.nodes.filter(({ op }) => op === 'ReduceMean').map(({ outputs }) => outputs[0]);
    expect(added.map(({ inputs }) => inputs[0])).toEqual(means.reverse());
    expect(added.map(({ op }) => op)).toEqual(['Slice', 'Neg', 'Slice']);
    const read = new Set(graph.outputs.map(({ name }) => name));
    expect(added.some(({ outputs }) => read.has(outputs[0] as string))).toBe(false);
  });

  it('leaves small tensors alone', () => {
    const graph = chain(16);
    expect(reduceEarly(graph).nodes).toEqual(graph.nodes);
  });

  it('changes no result', async () => {
    const graph = chain(256);
    const x = {
      dtype: 'float32',
      dims: [256, 256],
      data: Float32Array.from({ length: 2 ** 16 }, (_, i) => i),
    } as const;
    const runtime = ort({ threads: 1 });
    const [plain, early] = [await runtime.compile(graph), await runtime.compile(reduceEarly(graph))];
    expect(await early.run({ x })).toEqual(await plain.run({ x }));
    await Promise.all([plain.dispose(), early.dispose()]);
  });
});
