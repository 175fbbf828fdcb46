import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  attribute,
  conv,
  GraphBuilder,
  mul,
  Random,
  reduceMean,
  relu,
  standardOperators,
  tensorOf,
  withOperators,
} from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { describe, expect, it, vi } from 'vitest';
import { ort } from './ort.ts';

const x = (shape: readonly number[], seed = 3): Tensor<'float32'> =>
  tensorOf('float32', shape, new Random(seed).normals(shape.reduce((a, b) => a * b, 1)));

/** Two convolutions with weights of `channels`, and the mean of what comes out. */
function network(channels = 16): Graph {
  const b = new GraphBuilder({ name: 'network' });
  const first = relu(
    b,
    conv(b, b.input('x', 'float32', [4, 3, 16, 16]), b.constant(x([channels, 3, 3, 3]), 'w1'), undefined, {
      pads: [1, 1, 1, 1],
    }),
  );
  const second = relu(
    b,
    conv(b, first, b.constant(x([channels, channels, 3, 3]), 'w2'), undefined, { pads: [1, 1, 1, 1] }),
  );
  b.output(second, 'y');
  b.output(reduceMean(b, mul(b, second, second), [0, 2, 3]), 'mean');
  return b.build();
}

const feeds = { x: x([4, 3, 16, 16]) };

describe('ort', () => {
  it('gives the same bytes with the same number of threads', async () => {
    const run = async (threads: number) => {
      const session = await ort({ threads }).compile(network());
      const { mean, y } = await session.run(feeds);
      await session.dispose();
      return Buffer.concat([mean!, y!].map(({ data }) => new Uint8Array((data as Float32Array).buffer)));
    };
    for (const threads of [1, 2]) {
      const first = await run(threads);
      for (let i = 0; i < 3; i++) expect((await run(threads)).equals(first)).toBe(true);
    }
  });

  it('takes memory that threads share, by a copy', async () => {
    const session = await ort({ threads: 1 }).compile(network());
    const shared = new Float32Array(new SharedArrayBuffer(4 * feeds.x.data.length));
    shared.set(feeds.x.data);
    const expected = await session.run(feeds, ['mean']);
    expect(await session.run({ x: { ...feeds.x, data: shared } }, ['mean'])).toEqual(expected);
    await session.dispose();
  });

  it('takes options of onnxruntime itself', async () => {
    const options = {
      graphOptimization: 'basic',
      spinning: false,
      logLevel: 'error',
      extra: { 'session.set_denormal_as_zero': '1' },
    } as const;
    const session = await ort(options).compile(network(), { threads: 2 });
    expect(Object.keys(await session.run(feeds))).toEqual(['y', 'mean']);
    await session.dispose();
  });

  it('does not grow over 200 sessions', { timeout: 120_000 }, async () => {
    const runtime = ort({ threads: 1 });
    const graph = network(64);
    const cycle = async () => {
      const session = await runtime.compile(graph);
      await session.run(feeds);
      await session.dispose();
    };
    for (let i = 0; i < 20; i++) await cycle();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 200; i++) await cycle();
    // 200 sessions of this network that are not released take about 240 MB.
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(64);
  });
});

describe('the optimised graph', () => {
  it('shows the operators that onnxruntime executes, and leaves no file', async () => {
    // A place for temporary files of its own: others come and go in the shared one.
    const own = mkdtempSync(join(tmpdir(), 'datafree-test-'));
    vi.stubEnv('TMPDIR', own);
    expect(tmpdir()).toBe(own);
    const optimized = await ort({ threads: 1 }).optimized!(network());
    const found = optimized.nodes.map((node) => `${node.domain}:${node.op}`);
    // onnxruntime either blocks the layout of a convolution or fuses the activation into it.
    expect(found.filter((name) => name.endsWith('Conv')).every((name) => name.startsWith('com.microsoft'))).toBe(true);
    expect(found).not.toContain(':Relu');
    expect(optimized.outputs.map((output) => output.name)).toEqual(['y', 'mean']);
    vi.unstubAllEnvs();
    expect(readdirSync(own)).toEqual([]);
    rmdirSync(own);
  });

  it('is the graph itself when nothing is to be optimised', async () => {
    const optimized = await ort({ graphOptimization: 'disabled' }).optimized!(network());
    expect(optimized.nodes.map((node) => node.op)).toEqual(network().nodes.map((node) => node.op));
  });
});

describe('what is refused', () => {
  it('names a provider that this build does not have, and those that it has', async () => {
    await expect(ort({ executionProviders: ['nonsense', 'cpu'] }).compile(network())).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('nonsense'),
      hint: expect.stringContaining('cpu'),
    });
  });

  it('says what to install when onnxruntime is missing', async () => {
    const lib = () => Promise.reject(new Error("Cannot find package 'onnxruntime-node'"));
    await expect(ort({ lib }).compile(network())).rejects.toMatchObject({
      code: 'runtime-missing',
      hint: expect.stringContaining('npm install onnxruntime-node'),
    });
    await expect(ort({ lib: async () => ({}) as never }).compile(network())).rejects.toMatchObject({
      code: 'runtime-missing',
    });
  });

  it('takes a module that has everything under its default export', async () => {
    const lib = async () => ({ default: await import('onnxruntime-node') }) as never;
    const session = await ort({ lib }).compile(network());
    await session.dispose();
  });

  it('names node and operator of a graph that onnxruntime does not take', async () => {
    const invented = { type: 'Invented', infer: ({ inputs }: { inputs: readonly unknown[] }) => [inputs[0] as never] };
    const b = new GraphBuilder({ name: 'odd', operators: withOperators(standardOperators, [invented]) });
    b.output(b.apply('Invented', [b.input('x', 'float32', [2])], { name: 'layer1.odd' })[0]!, 'y');
    await expect(ort().compile(b.build())).rejects.toMatchObject({
      code: 'runtime-failed',
      op: 'Invented',
      node: 'layer1.odd',
      message: expect.not.stringContaining('/onnxruntime_src'),
    });
  });

  it('names node and operator that fail while they run', async () => {
    const b = new GraphBuilder({ name: 'broken' });
    const shape = b.input('shape', 'int64', [2]);
    const graph = b.build();
    const node = {
      op: 'Reshape',
      domain: '',
      name: 'layer1.reshape',
      inputs: ['x', shape.name],
      outputs: ['y'],
      attributes: { allowzero: attribute.int(0) },
    };
    const broken: Graph = {
      ...graph,
      inputs: [...graph.inputs, { name: 'x', dtype: 'float32', shape: [6] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['A', 'B'] }],
      nodes: [node],
    };
    const session = await ort().compile(broken);
    const run = session.run({ x: x([6]), shape: tensorOf('int64', [2], [4, 4]) });
    await expect(run).rejects.toMatchObject({
      code: 'runtime-failed',
      op: 'Reshape',
      node: 'layer1.reshape',
      message: expect.stringMatching(/^onnxruntime, Reshape "layer1\.reshape" of graph "broken": (?!.*\.cc)/),
    });
    await session.dispose();
  });

  it('refuses options it does not know, by their path', () => {
    expect(() => ort({ thread: 2 } as never)).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'thread' }),
    );
    expect(() => ort({ threads: 0 })).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'threads' }),
    );
    expect(() => ort({ graphOptimization: 'most' as 'all' })).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'graphOptimization' }),
    );
  });
});
