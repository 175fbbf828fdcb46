import { numbersOf, tensorOf } from '@datafree/core';
import { DatafreeError, type Runtime, type Session, type Tensor, type Tensors } from '@datafree/plugin';
import { describe, expect, it, test } from 'vitest';
import { failures } from '../testing/failures.ts';
import { uncaught } from '../testing/uncaught.ts';
import { referenceRuntime } from './reference.ts';
import { sessionChecks } from './sessions.ts';

const right = referenceRuntime();
const checksOf = (runtime: Runtime) =>
  sessionChecks.map(({ title, check }) => ({ title, check: () => check(runtime) }));

/** A runtime with other sessions. */
const opening = (change: (session: Session, ...compiled: Parameters<Runtime['compile']>) => Partial<Session>) =>
  ({
    ...right,
    compile: async (...compiled) => {
      const session = await right.compile(...compiled);
      return { ...session, ...change(session, ...compiled) };
    },
  }) satisfies Runtime;

/** A runtime whose sessions run otherwise. */
const running = (run: (session: Session, ...given: Parameters<Session['run']>) => Promise<Tensors>) =>
  opening((session) => ({ run: (...given) => run(session, ...given) }));

/** What a check of a message that names nothing finds. */
const vague = () => new DatafreeError('runtime-failed', 'No.');

/** Sends what a session refuses for one reason through a change. */
const refusing = (reason: RegExp, instead: () => unknown) =>
  running((session, ...given) =>
    session.run(...given).catch((error: Error) => {
      if (!reason.test(error.message)) throw error;
      throw instead();
    }),
  );

let runs = 0;
let shared: Session | undefined;

const typed = sessionChecks.map(({ title }) => title).filter((title) => title.startsWith('hands '));

/** What is broken, how, and the titles of the checks that are to say so. */
const broken: readonly (readonly [string, Runtime, readonly string[]])[] = [
  ['has no name', { ...right, name: '' }, ['has the fields of a runtime']],
  [
    'fixes the batch',
    running(async (session, feeds, outputs) => {
      if (feeds.a?.dims[0] === 4) throw vague();
      return session.run(feeds, outputs);
    }),
    ['takes any size of a free dimension'],
  ],
  [
    'returns everything',
    running((session, feeds, outputs) => {
      const known = outputs?.every((name) => name !== 'nonsense');
      return session.run(feeds, known ? undefined : outputs);
    }),
    ['returns only the outputs that are asked for'],
  ],
  [
    'works in the tensors that it is fed',
    running(async (session, feeds, outputs) => {
      const results = await session.run(feeds, outputs);
      const { a } = feeds;
      if (a?.dims[0] === 2) (a.data as Float32Array).fill(0);
      return results;
    }),
    ['leaves what it was fed and what it returned before as it was'],
  ],
  [
    'is a little random',
    running(async (session, feeds, outputs) => {
      const results = await session.run(feeds, outputs);
      const { double } = results;
      if (double?.dims[0] === 9) (double.data as Float32Array)[0] = runs++;
      return results;
    }),
    ['gives the same bytes for the same input'],
  ],
  [
    'has one session for all that were opened',
    opening((session, graph) => {
      if (graph.nodes[0]?.op === 'Sub') return { run: (...given) => shared?.run(...given) as Promise<Tensors> };
      shared = session;
      return {};
    }),
    ['keeps sessions apart'],
  ],
  [
    'takes no threads',
    {
      ...right,
      compile: async (graph, options) => {
        if (options?.threads !== undefined) throw vague();
        return right.compile(graph);
      },
    },
    ['takes a number of threads'],
  ],
  [
    'makes lists of scalars',
    running(async (session, feeds, outputs) => {
      const results = await session.run(feeds, outputs);
      if (feeds.x?.dims.length !== 0) return results;
      return { y: tensorOf('float32', [1], Array.from(results.y?.data as Float32Array)) };
    }),
    ['takes and returns scalars'],
  ],
  [
    'does not say which input is missing',
    refusing(/input "b" was not given/, () => vague()),
    ['refuses a missing input'],
  ],
  [
    'takes an input of another shape',
    running((session, feeds, outputs) => {
      const a = feeds.a?.dims[1] === 2 ? (feeds.b as typeof feeds.a) : feeds.a;
      return session.run(a === undefined ? feeds : { ...feeds, a }, outputs);
    }),
    ['refuses an input of another shape'],
  ],
  [
    'takes an input of another element type',
    running((session, feeds, outputs) => {
      const { a } = feeds;
      if (a?.dtype !== 'int32') return session.run(feeds, outputs);
      return session.run({ ...feeds, a: tensorOf('float32', a.dims, numbersOf(a)) }, outputs);
    }),
    ['refuses an input of another element type'],
  ],
  [
    'fills up an input with zeros',
    running((session, feeds, outputs) => {
      const { a } = feeds;
      if (a?.data.length !== 5) return session.run(feeds, outputs);
      const data = Float32Array.from({ length: 6 }, (_, i) => numbersOf(a)[i] ?? 0);
      return session.run({ ...feeds, a: { ...a, data } as Tensor }, outputs);
    }),
    ['refuses an input with fewer values than its shape has'],
  ],
  [
    'leaves out an output that it does not know',
    running((session, feeds, outputs) =>
      session.run(
        feeds,
        outputs?.filter((name) => name !== 'nonsense'),
      ),
    ),
    ['refuses an output that the graph does not have'],
  ],
  [
    'says of an operator only that it failed',
    {
      ...right,
      compile: async (graph, options) => {
        if (graph.nodes.some(({ op }) => op === 'NoSuchOperator')) throw vague();
        return right.compile(graph, options);
      },
    },
    ['refuses an operator that nobody knows, by name'],
  ],
  [
    'can be disposed of once',
    opening((session) => {
      let disposed = false;
      return {
        dispose: async () => {
          if (disposed) throw vague();
          disposed = true;
          await session.dispose();
        },
      };
    }),
    ['can be disposed of twice, and not run after it'],
  ],
  [
    'runs after it was disposed of',
    opening(() => ({ dispose: async () => {} })),
    ['can be disposed of twice, and not run after it'],
  ],
  [
    'drops a run when it is disposed of',
    opening((session) => {
      let disposed = false;
      return {
        run: async (...given) => {
          const results = await session.run(...given);
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (disposed) throw vague();
          return results;
        },
        dispose: async () => {
          disposed = true;
          await session.dispose();
        },
      };
    }),
    ['finishes a run that dispose overtakes'],
  ],
  [
    'repeats a step on what it began with',
    {
      ...right,
      compile: async (graph, options) => {
        const session = await right.compile(graph, options);
        const repeat: Session['repeat'] = async (carried, feeds) => {
          const all = await Promise.all(feeds.map((own) => session.run({ ...carried, ...own })));
          return { carried: { a: all[0]!.sum! }, results: all.map(({ double }) => ({ double: double! })) };
        };
        return options?.carried === undefined ? session : { ...session, repeat };
      },
    },
    ['runs a step with carried inputs, and repeats it as run after run does where it can'],
  ],
  [
    'hands everything through as bytes',
    running(async (session, feeds, outputs) => {
      const results = await session.run(feeds, outputs);
      if (feeds.x?.dims.length !== 2) return results;
      return { y: tensorOf('uint8', [2, 3], new Array(6).fill(1)) };
    }),
    typed,
  ],
];

describe('a runtime that', () => {
  it.each(broken)('%s is caught', async (_, runtime, titles) => {
    expect(Object.keys(await failures(checksOf(runtime)))).toEqual(titles);
  });
});

test('every check catches one of them, and nothing that is right', async () => {
  expect(await failures(checksOf(right))).toEqual({});
  expect(uncaught(checksOf(right), broken)).toEqual([]);
});
