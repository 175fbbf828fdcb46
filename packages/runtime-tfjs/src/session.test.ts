import {
  attribute,
  conv,
  differentiate,
  GraphBuilder,
  int64Of,
  mul,
  Random,
  reduceMean,
  relu,
  standardOperators,
  tensorOf,
  withOperators,
} from '@datafree/core';
import type { Graph, Tensors } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { load } from './testing/backends.ts';
import { tfjs } from './tfjs.ts';

const runtime = (backend = 'cpu') => tfjs({ lib: load, backend });

/** A convolution, its activation, a mean and the gradient to the input. */
function step(): { graph: Graph; feeds: Tensors } {
  const random = new Random(5);
  const b = new GraphBuilder({ name: 'step' });
  const x = b.input('x', 'float32', [2, 3, 8, 8]);
  const w = b.constant(tensorOf('float32', [4, 3, 3, 3], random.normals(108)));
  const y = relu(b, conv(b, x, w, undefined, { pads: [1, 1, 1, 1] }));
  const loss = reduceMean(b, mul(b, y, y));
  b.output(loss, 'loss');
  b.output(differentiate(b, loss, [x])[0]!, 'dx');
  return { graph: b.build(), feeds: { x: tensorOf('float32', [2, 3, 8, 8], random.normals(384)) } };
}

/** `y = x + 1` on int64. */
function increment(): Graph {
  const b = new GraphBuilder({ name: 'increment' });
  b.output(b.op('Add', [b.input('x', 'int64', [2]), b.constant(int64Of([1]))]), 'y');
  return b.build();
}

/** A MaxPool that also tells where the largest elements were. */
function poolWithPositions(): Graph {
  const b = new GraphBuilder({ name: 'positions' });
  const x = relu(b, b.input('x', 'float32', [1, 1, 4, 4]));
  const attributes = { kernel_shape: attribute.ints([2, 2]) };
  b.apply('MaxPool', [x], { attributes, outputs: 2 }).forEach((value, i) => {
    b.output(value, `y${i}`);
  });
  return b.build();
}

describe('a session', () => {
  it.each(['cpu', 'wasm'])('frees every tensor it makes (%s)', async (backend) => {
    const tf = await load();
    const { graph, feeds } = step();
    const session = await runtime(backend).compile(graph);
    await session.run(feeds);
    const before = tf.memory();
    for (let i = 0; i < 20; i++) await session.run(feeds);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    await session.dispose();
    expect(tf.memory().numTensors).toBeLessThan(before.numTensors);
  });

  it('frees its tensors also when a run fails', async () => {
    const tf = await load();
    const session = await runtime().compile(poolWithPositions());
    const before = tf.memory().numTensors;
    await expect(session.run({ x: tensorOf('float32', [1, 1, 4, 4], []) })).rejects.toThrow('positions');
    expect(tf.memory().numTensors).toBe(before);
    await session.dispose();
  });

  it('runs on the backend it was made for, whatever another session uses', async () => {
    const tf = await load();
    const { graph, feeds } = step();
    const sessions = [await runtime('cpu').compile(graph), await runtime('wasm').compile(graph)] as const;
    const first = await sessions[0].run(feeds);
    expect(tf.getBackend()).toBe('cpu');
    const second = await sessions[1].run(feeds);
    expect(tf.getBackend()).toBe('wasm');
    const [one, two] = [first.loss!.data[0] as number, second.loss!.data[0] as number];
    expect(Math.abs(one - two) / one).toBeLessThan(1e-5);
    for (const session of sessions) await session.dispose();
  });

  it('carries int64 as far as 32 bits go and refuses more', async () => {
    const session = await runtime().compile(increment());
    const { y } = await session.run({ x: int64Of([41, -2]) });
    expect(y).toEqual(int64Of([42, -1]));
    await expect(session.run({ x: int64Of([2 ** 40, 0]) })).rejects.toMatchObject({
      code: 'runtime-failed',
      tensor: 'x',
      message: expect.stringContaining('1099511627776'),
    });
    await session.dispose();
  });
});

describe('what cannot run', () => {
  it('is known when the graph is compiled, where no size is free', async () => {
    const cube = {
      type: 'Cube',
      domain: 'test',
      infer: ({ inputs }: { inputs: readonly unknown[] }) => [inputs[0] as never],
    };
    const b = new GraphBuilder({ operators: withOperators(standardOperators, [cube]) });
    b.output(b.op('Cube', [b.input('x', 'float32', [2])], {}, 'test'), 'y');
    await expect(runtime().compile(b.build())).rejects.toMatchObject({ code: 'operator-unknown', op: 'Cube' });
  });

  it('names the operator and what about it', async () => {
    const session = await runtime().compile(poolWithPositions());
    await expect(session.run({ x: tensorOf('float32', [1, 1, 4, 4], []) })).rejects.toMatchObject({
      code: 'unsupported',
      op: 'MaxPool',
      message: expect.stringContaining('positions'),
    });
    await session.dispose();
  });
});

describe('tfjs', () => {
  it('says what to install when TensorFlow.js is missing', async () => {
    const lib = () => Promise.reject(new Error("Cannot find package '@tensorflow/tfjs-core'"));
    await expect(tfjs({ lib }).compile(step().graph)).rejects.toMatchObject({
      code: 'runtime-missing',
      hint: expect.stringContaining('npm install @tensorflow/tfjs-core'),
    });
  });

  it('says so when what it is given is something else', async () => {
    const lib = async () => ({}) as never;
    await expect(tfjs({ lib }).compile(step().graph)).rejects.toMatchObject({ code: 'runtime-missing' });
  });

  it('lists the backends that are there', async () => {
    await expect(runtime('webgpu').compile(step().graph)).rejects.toMatchObject({
      code: 'provider-unavailable',
      hint: expect.stringMatching(/cpu.*wasm|wasm.*cpu/),
    });
  });

  it('takes a module that has everything under its default export', async () => {
    const lib = async () => ({ default: await load() }) as never;
    const session = await tfjs({ lib, backend: 'cpu' }).compile(increment());
    expect((await session.run({ x: int64Of([1, 2]) })).y).toEqual(int64Of([2, 3]));
    await session.dispose();
  });

  it('refuses options it does not know', () => {
    expect(() => tfjs({ lib: load, threads: 2 } as never)).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path: 'threads' }),
    );
    expect(() => tfjs({} as never)).toThrowError(expect.objectContaining({ code: 'option-invalid', path: 'lib' }));
  });
});
