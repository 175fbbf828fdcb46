import { DatafreeError, type Runtime } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../gradient/differentiate.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { interpret } from '../graph/interpret.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { sub } from '../ops/elementwise/sub.ts';
import { reduceSum } from '../ops/reduction/reduceSum.ts';
import { adam } from '../optimiser/adam.ts';
import type { Optimiser } from '../optimiser/optimiser.ts';
import { sgd } from '../optimiser/sgd.ts';
import { scalarOf, tensorOf } from '../tensor.ts';
import { StepProgram } from './program.ts';

/** Runs graphs with the reference evaluations. */
const reference: Runtime = {
  kind: 'runtime',
  name: 'reference',
  apiVersion: 1,
  supports: { gradients: true, integerKernels: false, opset: 21 },
  compile: async (graph) => ({ run: async (feeds) => interpret(graph, feeds), dispose: async () => {} }),
};

const target = tensorOf('float32', [2], [3, -1]);

/** Minimises Σ (x − target)² from zero and returns x after each step. */
async function path(optimiser: Optimiser, rate: number, steps: number): Promise<number[][]> {
  const program = new StepProgram(new GraphBuilder());
  const b = program.builder;
  const x = program.state('x', tensorOf('float32', [2], [0, 0]));
  const learningRate = b.input('rate', 'float32', []);
  const difference = sub(b, x, b.constant(target));
  const loss = reduceSum(b, mul(b, difference, difference));
  const [gradient] = differentiate(b, loss, [x]);
  const [next] = optimiser.update(program, [{ value: x, gradient: gradient! }], learningRate);
  program.next(x, next!);
  program.read('loss', loss);
  const runner = await program.compile(reference);
  const visited: number[][] = [];
  for (let i = 0; i < steps; i++) {
    await runner.step({ rate: scalarOf('float32', rate) });
    visited.push([...(runner.get('x').data as Float32Array)]);
  }
  return visited;
}

describe('optimisers', () => {
  it.each([
    ['beta1', () => adam({ beta1: 1 })],
    ['beta2', () => adam({ beta2: Number.NaN })],
    ['epsilon', () => adam({ epsilon: 0 })],
    ['momentum', () => sgd({ momentum: 2 })],
    ['momentum', () => sgd({ momentum: '0.9' as never })],
    ['weightDecay', () => sgd({ weightDecay: -1 })],
  ])('refuse a %s that they cannot go by', (path, make) => {
    expect(make).toThrowError(expect.objectContaining({ code: 'option-invalid', path, hint: expect.any(String) }));
  });

  it('descends by Adam as its algorithm says', async () => {
    const rate = 0.1;
    const [m, v, x] = [
      [0, 0],
      [0, 0],
      [0, 0],
    ] as [number[], number[], number[]];
    const visited = await path(adam(), rate, 5);
    for (let t = 1; t <= 5; t++) {
      for (const i of [0, 1]) {
        const g = 2 * (x[i]! - (target.data as Float32Array)[i]!);
        m[i] = 0.9 * m[i]! + 0.1 * g;
        v[i] = 0.999 * v[i]! + 0.001 * g * g;
        x[i] = x[i]! - (rate * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
        expect(visited[t - 1]![i]).toBeCloseTo(x[i]!, 4);
      }
    }
  });

  it('descends by SGD with momentum, Nesterov and decay', async () => {
    expect((await path(sgd(), 0.25, 1))[0]).toEqual([1.5, -0.5]);
    const settled = (await path(sgd({ momentum: 0.5, nesterov: true }), 0.1, 60)).at(-1)!;
    expect(settled[0]).toBeCloseTo(3, 4);
    const decayed = (await path(sgd({ weightDecay: 1 }), 0.1, 80)).at(-1)!;
    expect(decayed[0]).toBeCloseTo(2, 4);
  });
});

it.each([adam, () => sgd({ momentum: 0.5 })])(
  'serves several groups of values, each by an optimiser of its own',
  async (make) => {
    const program = new StepProgram(new GraphBuilder());
    const b = program.builder;
    const rate = b.scalar(0.1);
    for (const [name, start] of [
      ['x', [4]],
      ['y', [1, -2, 3]],
    ] as const) {
      const value = program.state(name, tensorOf('float32', [start.length], start));
      const [next] = make().update(program, [{ value, gradient: mul(b, value, 2) }], rate);
      program.next(value, next!);
    }
    const runner = await program.compile(reference);
    for (let i = 0; i < 3; i++) await runner.step();
    const alone = async (start: number) => {
      const own = new StepProgram(new GraphBuilder());
      const value = own.state('z', tensorOf('float32', [1], [start]));
      const [next] = make().update(own, [{ value, gradient: mul(own.builder, value, 2) }], own.builder.scalar(0.1));
      own.next(value, next!);
      const one = await own.compile(reference);
      for (let i = 0; i < 3; i++) await one.step();
      return (one.get('z').data as Float32Array)[0]!;
    };
    const expected = await Promise.all([4, 1, -2, 3].map(alone));
    const found = [...(runner.get('x').data as Float32Array), ...(runner.get('y').data as Float32Array)];
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  },
);

describe('a program whose runtime fails', () => {
  const failing = (at: 'compile' | 'run'): Runtime => {
    const refuse = (): never => {
      throw new DatafreeError('runtime-failed', 'Node "network/mine" is too much.', { node: 'network/mine' });
    };
    const session = { run: async () => refuse(), dispose: async () => {} };
    return { ...reference, compile: async () => (at === 'compile' ? refuse() : session) };
  };

  it.each(['compile', 'run'] as const)('calls nodes as the network does, at %s', async (at) => {
    const inner = new GraphBuilder();
    inner.output(inner.apply('Relu', [inner.input('x', 'float32', [1])], { name: 'mine' })[0]!, 'y');
    const b = new GraphBuilder();
    const program = new StepProgram(b);
    const x = program.state('x', tensorOf('float32', [1], [1]));
    program.read('y', b.inline(inner.build(), { x }, { prefix: 'network/' })('y'));
    const step = async () => (await program.compile(failing(at))).step();
    await expect(step()).rejects.toMatchObject({
      code: 'runtime-failed',
      node: 'mine',
      message: 'Node "mine" is too much.',
    });
  });
});

describe('StepRunner.steps', () => {
  /** `x ← 2x + add`, reading what x was, with a state that stays. */
  function doubling() {
    const program = new StepProgram(new GraphBuilder());
    const b = program.builder;
    const x = program.state('x', tensorOf('float32', [1], [1]));
    const two = program.state('two', scalarOf('float32', 2));
    program.read('was', mul(b, x, 1));
    program.next(x, sub(b, mul(b, x, two), b.input('less', 'float32', [])));
    return program;
  }
  const feeds = [1, 0, 3].map((less) => ({ less: scalarOf('float32', less) }));
  const numbers = (reads: readonly Record<string, { data: ArrayLike<unknown> }>[]) =>
    reads.map(({ was }) => was!.data[0]);

  it('runs one step after the other', async () => {
    const runner = await doubling().compile(reference, { repeated: true });
    expect(runner.repeats).toBe(false);
    expect(numbers(await runner.steps(feeds))).toEqual([1, 1, 2]);
    expect(runner.get('x').data[0]).toBe(1);
  });

  it('runs steps that are asked for at once one after the other', async () => {
    const runner = await doubling().compile(reference);
    const nothing = { less: scalarOf('float32', 0) };
    await Promise.all([runner.step(nothing), runner.step(nothing)]);
    expect(runner.get('x').data[0]).toBe(4);
  });

  it('takes states by set alone, and keeps their types', async () => {
    const runner = await doubling().compile(reference);
    const x = runner.get('x');
    await expect(runner.step({ ...feeds[0], x })).rejects.toMatchObject({ code: 'option-invalid', path: 'x' });
    await expect(runner.steps([{ ...feeds[0], x }])).rejects.toMatchObject({ code: 'option-invalid', path: 'x' });
    const wide = tensorOf('float64', x.dims, [1]);
    expect(() => runner.set('x', wide)).toThrowError(expect.objectContaining({ code: 'shape-mismatch' }));
    expect(() => runner.set('x', { ...x, data: [] as never })).toThrowError(
      expect.objectContaining({ code: 'shape-mismatch', hint: expect.any(String) }),
    );
    expect(() => runner.get('y')).toThrowError(
      expect.objectContaining({ code: 'value-unknown', hint: 'The states are "x", "two".' }),
    );
  });

  it('gives a next value of its type to a state alone', () => {
    const b = new GraphBuilder();
    const program = new StepProgram(b);
    const x = program.state('x', tensorOf('float32', [1], [1]));
    const wide = b.op('Cast', [x], { to: { type: 'int', value: 11 } });
    expect(() => program.next(x, wide)).toThrowError(expect.objectContaining({ code: 'shape-mismatch', tensor: 'x' }));
    expect(() => program.next(wide, wide)).toThrowError(expect.objectContaining({ code: 'value-unknown' }));
  });

  it('hands all of them to a session that repeats', async () => {
    const program = doubling();
    const graph = program.graph();
    const seen: unknown[] = [];
    const repeating: Runtime = {
      ...reference,
      compile: async (_, options) => ({
        run: async (own) => interpret(graph, own),
        repeat: async (carried, each) => {
          seen.push(options?.carried, Object.keys(each[0]!).sort());
          let x = carried.x!;
          const results = each.map((own) => {
            const { was, "x'": next } = interpret(graph, { ...own, x });
            x = next!;
            return { was: was! };
          });
          return { carried: { x }, results };
        },
        dispose: async () => {},
      }),
    };
    const runner = await program.compile(repeating, { repeated: true });
    expect(runner.repeats).toBe(true);
    expect(numbers(await runner.steps(feeds))).toEqual([1, 1, 2]);
    expect(runner.get('x').data[0]).toBe(1);
    expect(seen).toEqual([new Map([['x', "x'"]]), ['less', 'two']]);
  });
});
