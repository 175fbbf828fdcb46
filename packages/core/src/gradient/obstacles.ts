import { DatafreeError, type Node } from '@datafree/plugin';
import type { Application, GraphBuilder } from '../graph/builder.ts';
import { hints } from '../graph/hints.ts';
import type { Value } from '../graph/operator.ts';
import { dependents } from './dependents.ts';

/**
 * The nodes that keep `of` from being differentiated by `wrt`: those on the way that have no derivative, and, where
 * every way leads through values that are not floating-point (`IsNaN`, comparisons, codes), those that give them. A
 * mask beside a way that can be differentiated is none: its derivative is 0. None for a value that does not depend on
 * `wrt` at all.
 *
 * @returns in the order of computation, under the names that {@link GraphBuilder.nameOf} gives
 */
export function gradientObstacles(builder: GraphBuilder, of: Value, wrt: readonly Value[]): readonly Node[] {
  const { applications } = builder;
  const smooth = dependents(builder, applications, wrt);
  const reached = reachedFrom(wrt, applications);
  if (!reached.has(of.name)) return [];
  const differentiable = smooth.has(of.name);
  const counted = (name: string): boolean => (differentiable ? smooth : reached).has(name);
  const needed = new Set([of.name]);
  const found: Node[] = [];
  for (const { node, operator, inputs, outputs } of [...applications].reverse()) {
    const [first] = outputs;
    if (!outputs.some(({ name }) => needed.has(name))) continue;
    const rule = first && builder.customGradientOf(first);
    const sources = (rule?.inputs ?? inputs).flatMap((input) =>
      input !== undefined && counted(input.name) ? input : [],
    );
    if (sources.length === 0) continue;
    for (const { name } of sources) needed.add(name);
    const fromSmooth = sources.some(({ name }) => smooth.has(name));
    const cut = !outputs.some(({ name }) => smooth.has(name));
    const missing = rule === undefined && operator.gradient === undefined;
    if (fromSmooth && (cut || missing)) found.push({ ...node, name: builder.nameOf(node.name) });
  }
  return found.reverse();
}

/**
 * Refuses a scalar that depends on `wrt` and cannot be differentiated by it: all its derivatives would be 0.
 *
 * @throws `operator-no-gradient` naming the first of {@link gradientObstacles}
 */
export function requireGradient(builder: GraphBuilder, of: Value, wrt: readonly Value[]): void {
  const [first] = gradientObstacles(builder, of, wrt);
  if (first !== undefined) throw noGradient(first, 'ends every derivative that comes back through it');
}

/** The error of a node without derivative. @param problem what follows the node's name in the message */
export function noGradient({ op, name }: Node, problem: string): DatafreeError {
  return new DatafreeError('operator-no-gradient', `Operator ${op} (node "${name}") ${problem}.`, {
    node: name,
    op,
    hint: hints['operator-no-gradient'],
  });
}

/** Names of all values that depend on some. */
function reachedFrom(sources: readonly Value[], applications: readonly Application[]): ReadonlySet<string> {
  const names = new Set(sources.map(({ name }) => name));
  for (const { inputs, outputs } of applications) {
    if (!inputs.some((input) => input !== undefined && names.has(input.name))) continue;
    for (const { name } of outputs) names.add(name);
  }
  return names;
}
