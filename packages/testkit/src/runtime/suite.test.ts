import { operatorKey, standardOperators, tensorOf } from '@datafree/core';
import { DatafreeError, type Runtime } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { real } from './cases/case.ts';
import { operatorCases } from './cases/index.ts';
import { compare } from './compare.ts';
import { gradientTrial } from './graphs.ts';
import { referenceRuntime } from './reference.ts';
import { runtimeSuite } from './suite.ts';

runtimeSuite({ describe, it }, () => referenceRuntime());

const reluAlone = { activation: [{ op: 'Relu', title: 'defaults', inputs: [real([2, 3])] }] };
const rows = Object.values(operatorCases).flat();

describe('the cases', () => {
  it('cover every standard operator', () => {
    const covered = new Set(rows.map((row) => operatorKey(row.domain ?? '', row.op)));
    expect([...standardOperators.keys()].filter((key) => !covered.has(key))).toEqual([]);
  });

  it('are about standard operators', () => {
    const unknown = rows.filter((row) => !standardOperators.has(operatorKey(row.domain ?? '', row.op)));
    expect([...new Set(unknown.map((row) => row.op))]).toEqual([]);
  });

  it('differentiate every operator that has a derivative', () => {
    const differentiated = new Set(
      rows.filter((row) => gradientTrial(row, standardOperators) !== undefined).map((row) => row.op),
    );
    const missing = [...standardOperators.values()].filter((op) => op.gradient && !differentiated.has(op.type));
    expect(missing.map((op) => op.type)).toEqual([]);
  });

  it('have titles of their own', () => {
    const titles = rows.map((row) => `${row.op}: ${row.title}`);
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });
});

describe('the suite', () => {
  const wrong = (change: (runtime: Runtime) => Partial<Runtime>): Runtime => {
    const runtime = referenceRuntime();
    return { ...runtime, ...change(runtime) };
  };

  it('passes what is right', async () => {
    expect(await failures(referenceRuntime())).toEqual([]);
    expect(titles(referenceRuntime())).toContain('Relu: defaults, gradient');
  });

  it('catches an operator that computes something else', async () => {
    const operator = standardOperators.get(':Relu')!;
    const broken = new Map(standardOperators).set(':Relu', {
      ...operator,
      evaluate: ({ inputs: [x] }) => [tensorOf(x!.dtype, x!.dims, new Float64Array(x!.data.length))],
    });
    expect(await failures(referenceRuntime(broken))).toEqual(['Relu: defaults', 'Relu: defaults, gradient']);
  });

  it('catches an operator declared as not taken that is taken', async () => {
    const runtime = wrong(({ supports }) => ({ supports: { ...supports, unsupportedOperators: ['Relu'] } }));
    expect(await failures(runtime)).toEqual([
      'Relu: defaults (refused: Relu)',
      'Relu: defaults, gradient (refused: Relu)',
    ]);
  });

  it('catches a declared operator that does not exist', async () => {
    const runtime = wrong(({ supports }) => ({ supports: { ...supports, unsupportedOperators: ['Rely'] } }));
    expect(await failures(runtime)).toEqual(['they are operators that exist']);
  });

  it('catches sessions that return too much, run after dispose, or change their input', async () => {
    const runtime = wrong(({ compile }) => ({
      compile: async (graph) => {
        const session = await compile(graph);
        return {
          run: async (feeds) => {
            const outputs = await session.run(feeds);
            for (const { data } of Object.values(feeds)) if (data instanceof Float32Array) data.fill(0);
            return outputs;
          },
          dispose: async () => {},
        };
      },
    }));
    expect(await failures(runtime)).toEqual(
      expect.arrayContaining([
        'returns only the outputs that are asked for',
        'leaves what it was fed and what it returned before as it was',
        'can be disposed of twice, and not run after it',
      ]),
    );
  });

  it('catches errors without a code', async () => {
    const runtime = wrong(({ compile }) => ({
      compile: async (graph, options) => {
        if (graph.nodes.some((node) => node.op === 'NoSuchOperator')) throw new Error('NoSuchOperator');
        return compile(graph, options);
      },
    }));
    expect(await failures(runtime)).toEqual(['refuses an operator that nobody knows, by name']);
  });

  it('catches a factory that takes any options', async () => {
    const careless = (_options?: object) => referenceRuntime();
    const careful = (options: object = {}) => {
      const path = Object.entries(options).find(([name, value]) => name !== 'double' || value !== true)?.[0];
      if (path !== undefined) throw new DatafreeError('option-invalid', `${path} is wrong`, { path });
      return referenceRuntime();
    };
    const options = { double: true };
    expect(await failures(careless as () => Runtime, options)).toEqual([
      'refuses unknown and wrong options with their path',
    ]);
    expect(await failures(careful as () => Runtime, options)).toEqual([]);
  });

  it('leaves out the gradients of a runtime that has none', () => {
    const runtime = wrong(({ supports }) => ({ supports: { ...supports, gradients: false } }));
    expect(titles(runtime).filter((title) => title.endsWith('gradient'))).toEqual([]);
  });
});

describe('compare', () => {
  const x = tensorOf('float32', [2], [1, 1000]);

  it('takes what is near', () => {
    expect(() => compare('x', tensorOf('float32', [2], [1.01, 1000.05]), x, 1e-4)).not.toThrow();
  });

  it('names the worst element', () => {
    expect(() => compare('x', tensorOf('float32', [2], [1, 1001]), x, 1e-4)).toThrow(/element 1: 1001 instead of 1000/);
  });

  it('refuses another shape, another type, NaN and nothing', () => {
    expect(() => compare('x', tensorOf('float32', [2, 1], [1, 1000]), x, 1e-4)).toThrow(/shape/);
    expect(() => compare('x', tensorOf('int32', [2], [1, 1000]), x, 1e-4)).toThrow(/type/);
    expect(() => compare('x', tensorOf('float32', [2], [Number.NaN, 1000]), x, 1e-4)).toThrow(/element 0/);
    expect(() => compare('x', undefined, x, 1e-4)).toThrow(/not returned/);
  });

  it('wants whole numbers exactly', () => {
    expect(() => compare('i', tensorOf('int64', [1], [10001]), tensorOf('int64', [1], [10000]), 1e-2)).toThrow(/10001/);
  });
});

/** Collects the tests of a suite that knows one operator. */
function collect(
  runtime: Runtime | (() => Runtime),
  options?: Readonly<Record<string, unknown>>,
): (readonly [title: string, body: () => Promise<void>])[] {
  const tests: (readonly [string, () => Promise<void>])[] = [];
  const it = (title: string, body: () => Promise<void>) => tests.push([title, body]);
  const factory = typeof runtime === 'function' ? runtime : () => runtime;
  runtimeSuite({ describe: (_, body) => body(), it }, factory, { cases: reluAlone, ...(options && { options }) });
  return tests;
}

function titles(runtime: Runtime): string[] {
  return collect(runtime).map(([title]) => title);
}

async function failures(
  runtime: Runtime | (() => Runtime),
  options?: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const failed: string[] = [];
  for (const [title, body] of collect(runtime, options)) await body().catch(() => failed.push(title));
  return failed;
}
