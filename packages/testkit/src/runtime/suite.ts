import { interpret, type OperatorSet, operatorKey, standardOperators } from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { type SuiteRunner, testTimeout } from '../check.ts';
import type { OperatorCase } from './cases/case.ts';
import { operatorCases } from './cases/index.ts';
import { compare } from './compare.ts';
import { forwardTrial, gradientTrial, type Trial } from './graphs.ts';
import { mustRefuseWrongOptions, type RuntimeFactory } from './options.ts';
import { refused, runOnce, sessionChecks } from './sessions.ts';

/** Options of {@link runtimeSuite}. */
export interface RuntimeSuiteOptions {
  /**
   * Options that the runtime is made with, and that are tried with wrong values. When absent, what makes the runtime is
   * called without options, and none are tried.
   */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Cases by family; those of the standard operators when absent. */
  readonly cases?: Readonly<Record<string, readonly OperatorCase[]>>;
  /** The operators that the cases are about. */
  readonly operators?: OperatorSet;
}

/** How far a float may be from its double-precision reference, relative. */
export const runtimeTolerance = 1e-4;

/**
 * The conformance suite of runtimes: what the contract says about sessions, then every operator with its values and
 * with its derivative, against the reference evaluation in double precision. Operators that the runtime declares in
 * `supports.unsupportedOperators` must be refused by name.
 *
 * @param createRuntime gives the runtime under test; called while tests are collected, and again with wrong options
 */
export function runtimeSuite(
  { describe, it: test }: SuiteRunner,
  createRuntime: RuntimeFactory,
  { options, cases = operatorCases, operators = standardOperators }: RuntimeSuiteOptions = {},
): void {
  const runtime = createRuntime(options as never);
  const it = (title: string, body: () => Promise<void>) => test(title, body, testTimeout);

  describe(`runtime ${runtime.name}: sessions`, () => {
    for (const { title, check } of sessionChecks) it(title, () => check(runtime));
    if (options !== undefined) {
      it('refuses unknown and wrong options with their path', () => mustRefuseWrongOptions(createRuntime, options));
    }
  });

  const unsupported = runtime.supports.unsupportedOperators ?? [];
  describe(`runtime ${runtime.name}: operators it does not take: ${unsupported.join(', ') || 'none'}`, () => {
    it('they are operators that exist', async () => {
      for (const name of unsupported) {
        if (!operators.has(name.includes(':') ? name : operatorKey('', name)))
          throw new Error(`There is no operator ${name}.`);
      }
    });
  });

  for (const [family, rows] of Object.entries(cases)) {
    const known = rows.filter((row) => operators.has(operatorKey(row.domain ?? '', row.op)));
    describe(`runtime ${runtime.name}: ${family} operators`, () => {
      for (const row of known) {
        const title = `${row.op}: ${row.title}`;
        check(title, () => forwardTrial(row, operators));
        if (runtime.supports.gradients) check(`${title}, gradient`, () => gradientTrial(row, operators));
      }
    });
  }

  function check(title: string, make: () => Trial | undefined): void {
    let trial: Trial | undefined;
    try {
      trial = make();
    } catch (error) {
      it(title, () => Promise.reject(error));
      return;
    }
    if (trial === undefined) return;
    const { graph, feeds } = trial;
    const lacking = operatorsOf(graph).filter((name) => unsupported.includes(name));
    if (lacking.length > 0) {
      const codes = ['runtime-failed', 'unsupported', 'operator-unknown'] as const;
      const about = lacking.length === 1 ? lacking[0]!.replace(/.*:/, '') : '';
      it(`${title} (refused: ${lacking.join(', ')})`, () =>
        refused(() => runOnce(runtime, graph, feeds), codes, about));
      return;
    }
    it(title, async () => {
      const expected = interpret(graph, feeds, { double: true, operators });
      const actual = await runOnce(runtime, graph, feeds);
      for (const { name } of graph.outputs) compare(name, actual[name], expected[name]!, runtimeTolerance);
    });
  }
}

/** The operators of a graph as `supports.unsupportedOperators` names them. */
function operatorsOf(graph: Graph): string[] {
  return [...new Set(graph.nodes.map((node) => (node.domain === '' ? node.op : `${node.domain}:${node.op}`)))];
}
