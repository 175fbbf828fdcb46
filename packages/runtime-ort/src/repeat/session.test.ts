import { add, GraphBuilder, tensorOf } from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { expect, it } from 'vitest';
import { ort } from '../ort.ts';

/** `next = state + the sum of x`, over any number of values, with labels beside it. */
function running(): Graph {
  const b = new GraphBuilder({ name: 'running' });
  const state = b.input('state', 'float32', []);
  const x = b.input('x', 'float32', [2]);
  b.input('labels', 'int64', [2]);
  b.output(add(b, state, b.op('ReduceSum', [x], { keepdims: { type: 'int', value: 0 } })), 'next');
  const graph = b.build();
  return { ...graph, inputs: graph.inputs.map((one) => (one.shape.length === 0 ? one : { ...one, shape: ['N'] })) };
}

it('carries a value of any name, and no time at all', async () => {
  const b = new GraphBuilder({ name: 'ticking' });
  b.output(add(b, b.input('tick', 'float32', []), b.input('ticks', 'float32', [])), 'next');
  const session = await ort().compile(b.build(), { carried: new Map([['tick', 'next']]) });
  const [one, two] = [1, 2].map((value) => tensorOf('float32', [], [value]));
  try {
    const { carried } = await session.repeat!({ tick: one! }, [{ ticks: two! }, { ticks: two! }]);
    expect(carried.tick?.data).toEqual(new Float32Array([5]));
    expect(await session.repeat!({ tick: one! }, [])).toEqual({ carried: { tick: one }, results: [] });
    await expect(session.run({ tick: one!, ticks: two! }, ['nope'])).rejects.toMatchObject({
      code: 'value-unknown',
      hint: 'It has "next".',
    });
    await expect(session.repeat!({ tick: one! }, [{ ticks: two! }, {}])).rejects.toMatchObject({
      code: 'runtime-failed',
      tensor: 'ticks',
    });
  } finally {
    await session.dispose();
  }
});

it('takes integers beside what is carried, and refuses another size the next time', async () => {
  const session = await ort().compile(running(), { carried: new Map([['state', 'next']]) });
  const state = { state: tensorOf('float32', [], [1]) };
  const of = (count: number) => ({
    x: tensorOf('float32', [count], new Array<number>(count).fill(1)),
    labels: tensorOf('int64', [count], []),
  });
  try {
    const { carried } = await session.repeat!(state, [of(3), of(3)]);
    expect(carried.state?.data).toEqual(new Float32Array([7]));
    await expect(session.repeat!(state, [of(3), of(1)])).rejects.toMatchObject({
      code: 'runtime-failed',
      message: 'The input "x" has the shape [1] instead of [3].',
    });
  } finally {
    await session.dispose();
  }
});
