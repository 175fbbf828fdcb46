import { allocate, canonicalOpset, elementCount, tensorOf } from '@datafree/core';
import type { DType, ErrorCode, Graph, Node, Runtime, Session, Tensor, ValueInfo } from '@datafree/plugin';
import { must, refusal } from '../expectation.ts';
import { compare } from './compare.ts';

/** A check of what the contract of a runtime says about sessions, apart from any operator. */
export interface SessionCheck {
  readonly title: string;
  check(runtime: Runtime): Promise<void>;
}

/** Element types that a session is asked to hand through unchanged. */
const passedTypes: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'int4',
  'uint4',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
];

const node = (op: string, inputs: readonly string[], outputs: readonly string[], name = `the ${op}`): Node => ({
  op,
  domain: '',
  name,
  inputs,
  outputs,
  attributes: {},
});

const graphOf = (nodes: readonly Node[], inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Graph => ({
  name: 'conformance',
  opset: { '': canonicalOpset },
  inputs,
  outputs,
  initializers: new Map([['two', tensorOf('float32', [], [2])]]),
  nodes,
  metadata: new Map(),
});

const float = (name: string, shape: ValueInfo['shape']): ValueInfo => ({ name, dtype: 'float32', shape });

/** `sum = a + b` and `double = 2 · sum`, over a free batch axis. */
const sums = graphOf(
  [node('Add', ['a', 'b'], ['sum']), node('Mul', ['sum', 'two'], ['double'])],
  [float('a', ['N', 3]), float('b', ['N', 3])],
  [float('sum', ['N', 3]), float('double', ['N', 3])],
);

const rows = (count: number, start: number): Tensor =>
  tensorOf(
    'float32',
    [count, 3],
    Float32Array.from({ length: 3 * count }, (_, i) => start + i),
  );

/** The checks, in order. */
export const sessionChecks: readonly SessionCheck[] = [
  {
    title: 'has the fields of a runtime',
    check: async (runtime) => {
      must(runtime.kind === 'runtime', `kind is "${runtime.kind}"`);
      must(runtime.apiVersion === 1, `apiVersion is ${runtime.apiVersion}`);
      must(runtime.name !== '', 'it has no name');
      must(runtime.supports.opset >= canonicalOpset, `opset ${runtime.supports.opset} is older than ${canonicalOpset}`);
    },
  },
  {
    title: 'takes any size of a free dimension',
    check: (runtime) =>
      withSession(runtime, sums, async (session) => {
        for (const count of [1, 4, 2]) {
          const { double } = await session.run({ a: rows(count, 0), b: rows(count, 5) });
          const expected = Float32Array.from({ length: 3 * count }, (_, i) => 2 * (2 * i + 5));
          compare('double', double, tensorOf('float32', [count, 3], expected), 1e-6);
        }
      }),
  },
  {
    title: 'returns only the outputs that are asked for',
    check: (runtime) =>
      withSession(runtime, sums, async (session) => {
        const all = await session.run({ a: rows(1, 0), b: rows(1, 5) });
        const some = await session.run({ a: rows(1, 0), b: rows(1, 5) }, ['double']);
        must(String(Object.keys(all).sort()) === 'double,sum', `all outputs are ${Object.keys(all)}`);
        must(String(Object.keys(some)) === 'double', `the outputs are ${Object.keys(some)}`);
      }),
  },
  {
    title: 'leaves what it was fed and what it returned before as it was',
    check: (runtime) =>
      withSession(runtime, sums, async (session) => {
        const a = rows(2, 0);
        const first = await session.run({ a, b: rows(2, 5) });
        const before = Array.from(first.sum!.data as Float32Array);
        await session.run({ a: rows(2, 50), b: rows(2, 70) });
        must(String(a.data) === String(rows(2, 0).data), 'a fed tensor was changed');
        must(String(first.sum!.data) === String(before), 'a returned tensor was changed by the next run');
      }),
  },
  {
    title: 'gives the same bytes for the same input',
    check: async (runtime) => {
      const run = () =>
        withSession(runtime, sums, async (session) =>
          String((await session.run({ a: rows(9, 0.1), b: rows(9, 0.7) })).double!.data),
        );
      const first = await run();
      must(first === (await run()), 'two sessions differ');
    },
  },
  {
    title: 'keeps sessions apart',
    check: async (runtime) => {
      const difference = graphOf([node('Sub', ['a', 'b'], ['sum'])], sums.inputs, [float('sum', ['N', 3])]);
      await withSession(runtime, sums, (one) =>
        withSession(runtime, difference, async (other) => {
          const feeds = { a: rows(1, 9), b: rows(1, 4) };
          const [left, right] = await Promise.all([one.run(feeds), other.run(feeds)]);
          compare('sum', left.sum, tensorOf('float32', [1, 3], [13, 15, 17]), 1e-6);
          compare('sum', right.sum, tensorOf('float32', [1, 3], [5, 5, 5]), 1e-6);
        }),
      );
    },
  },
  {
    title: 'takes a number of threads',
    check: async (runtime) => {
      const session = await runtime.compile(sums, { threads: 1 });
      await session.run({ a: rows(1, 0), b: rows(1, 5) });
      await session.dispose();
    },
  },
  {
    title: 'runs a step with carried inputs, and repeats it as run after run does where it can',
    check: async (runtime) => {
      const session = await runtime.compile(sums, { step: true, carried: new Map([['a', 'sum']]) });
      try {
        const once = await session.run({ a: rows(2, 0), b: rows(2, 5) });
        compare('sum', once.sum, tensorOf('float32', [2, 3], [5, 7, 9, 11, 13, 15]), 1e-6);
        compare('double', once.double, tensorOf('float32', [2, 3], [10, 14, 18, 22, 26, 30]), 1e-6);
        if (session.repeat === undefined) return;
        const { carried, results } = await session.repeat({ a: rows(1, 0) }, [{ b: rows(1, 5) }, { b: rows(1, 1) }]);
        must(String(Object.keys(carried)) === 'a', `it carries ${Object.keys(carried)} on, not a`);
        compare('a', carried.a, tensorOf('float32', [1, 3], [6, 9, 12]), 1e-6);
        must(results.length === 2, `it gave the outputs of ${results.length} times, not of 2`);
        must(
          String(Object.keys(results[0]!)) === 'double',
          `it gave ${Object.keys(results[0]!)} of a time, not double`,
        );
        compare('double', results[0]!.double, tensorOf('float32', [1, 3], [10, 14, 18]), 1e-6);
        compare('double', results[1]!.double, tensorOf('float32', [1, 3], [12, 18, 24]), 1e-6);
      } finally {
        await session.dispose();
      }
    },
  },
  {
    title: 'takes and returns scalars',
    check: (runtime) =>
      withSession(
        runtime,
        graphOf([node('Mul', ['x', 'two'], ['y'])], [float('x', [])], [float('y', [])]),
        async (session) => {
          const { y } = await session.run({ x: tensorOf('float32', [], [3]) });
          compare('y', y, tensorOf('float32', [], [6]), 1e-6);
        },
      ),
  },
  {
    title: 'refuses a missing input',
    check: (runtime) =>
      withSession(runtime, sums, (session) => refused(() => session.run({ a: rows(1, 0) }), ['runtime-failed'], 'b')),
  },
  {
    title: 'refuses an input of another shape',
    check: (runtime) =>
      withSession(runtime, sums, (session) =>
        refused(
          () => session.run({ a: tensorOf('float32', [2, 2], [1, 2, 3, 4]), b: rows(2, 0) }),
          ['runtime-failed', 'shape-mismatch'],
          'a',
        ),
      ),
  },
  {
    title: 'refuses an input of another element type',
    check: (runtime) =>
      withSession(runtime, sums, (session) =>
        refused(
          () => session.run({ a: tensorOf('int32', [1, 3], [1, 2, 3]), b: rows(1, 0) }),
          ['runtime-failed', 'shape-mismatch'],
          'a',
        ),
      ),
  },
  {
    title: 'refuses an input with fewer values than its shape has',
    check: (runtime) =>
      withSession(runtime, sums, (session) =>
        refused(
          () => session.run({ a: { ...rows(2, 0), data: new Float32Array(5) }, b: rows(2, 0) }),
          ['runtime-failed', 'shape-mismatch'],
          'a',
        ),
      ),
  },
  {
    title: 'refuses an output that the graph does not have',
    check: (runtime) =>
      withSession(runtime, sums, (session) =>
        refused(
          () => session.run({ a: rows(1, 0), b: rows(1, 5) }, ['nonsense']),
          ['runtime-failed', 'value-unknown'],
          'nonsense',
        ),
      ),
  },
  {
    title: 'refuses an operator that nobody knows, by name',
    check: (runtime) => {
      const graph = graphOf([node('NoSuchOperator', ['x'], ['y'])], [float('x', [2])], [float('y', [2])]);
      return refused(
        () => runOnce(runtime, graph, { x: tensorOf('float32', [2], [1, 2]) }),
        ['runtime-failed', 'operator-unknown', 'unsupported'],
        'NoSuchOperator',
      );
    },
  },
  {
    title: 'can be disposed of twice, and not run after it',
    check: async (runtime) => {
      const session = await runtime.compile(sums);
      await session.dispose();
      await session.dispose();
      await refused(() => session.run({ a: rows(1, 0), b: rows(1, 5) }), ['runtime-failed']);
    },
  },
  {
    title: 'finishes a run that dispose overtakes',
    check: async (runtime) => {
      const session = await runtime.compile(sums);
      const running = session.run({ a: rows(1, 0), b: rows(1, 5) });
      await Promise.all([running, session.dispose()]);
      compare('sum', (await running).sum, tensorOf('float32', [1, 3], [5, 7, 9]), 1e-6);
    },
  },
  ...passedTypes.map(
    (dtype): SessionCheck => ({
      title: `hands ${dtype} through`,
      check: async (runtime) => {
        const x = sampleOf(dtype);
        const info = (name: string): ValueInfo => ({ name, dtype, shape: [2, 3] });
        const graph = graphOf(
          [node('Transpose', ['x'], ['t']), node('Transpose', ['t'], ['y'], 'back')],
          [info('x')],
          [info('y')],
        );
        if (runtime.supports.unsupportedTypes?.includes(dtype)) {
          await refused(() => runOnce(runtime, graph, { x }), ['runtime-failed', 'unsupported'], dtype);
          return;
        }
        const { y } = await runOnce(runtime, graph, { x });
        must(y?.dtype === dtype, `it came back as ${y?.dtype}`);
        must(
          elementCount(y!.dims) === 6 && String(y!.data) === String(x.data),
          `[${x.data}] came back as [${y!.data}]`,
        );
      },
    }),
  ),
];

/** A [2, 3] tensor of a type: small numbers, or any bits where a number is not one element of its storage. */
function sampleOf(dtype: DType): Tensor {
  if (dtype === 'float16' || dtype === 'int4' || dtype === 'uint4') {
    const data = allocate(dtype, 6).map((_, i) => 0x31 + i);
    return { dtype, dims: [2, 3], data };
  }
  const numbers = dtype === 'bool' ? [0, 1, 1, 0, 1, 0] : [0, 1, 2, 3, 100, 7];
  return tensorOf(dtype, [2, 3], dtype.startsWith('float') ? numbers.map((value) => value + 0.1) : numbers);
}

/** Compiles, runs once and disposes. */
export async function runOnce(runtime: Runtime, graph: Graph, feeds: Readonly<Record<string, Tensor>>) {
  return withSession(runtime, graph, (session) => session.run(feeds));
}

async function withSession<T>(runtime: Runtime, graph: Graph, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await runtime.compile(graph);
  try {
    return await work(session);
  } finally {
    await session.dispose();
  }
}

/** Checks that a work is refused with one of these codes and that the message names what it is about. */
export async function refused(work: () => Promise<unknown>, codes: readonly ErrorCode[], about = ''): Promise<void> {
  const { message } = await refusal('it', work, codes);
  must(message.includes(about), `the message does not name "${about}": ${message}`);
}
