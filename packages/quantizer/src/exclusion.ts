import type { Node } from '@datafree/plugin';
import type { ParsedQuantizerOptions } from './options.ts';

type Rule = ParsedQuantizerOptions['exclude'][number];

/** The test that the `exclude` option describes. A text is a whole name, a pattern may match any part of one. */
export function exclusionOf(rules: readonly Rule[]): (node: Node) => boolean {
  const tests = rules.map(testOf);
  return (node) => tests.some((test) => test(node));
}

/**
 * A warning for each rule of the `exclude` option that excludes nothing.
 *
 * @param nodes of the network, BatchNormalizations folded
 * @param layers those of them that would be quantised, for names to give
 */
export function idleExclusions(
  rules: readonly Rule[],
  nodes: readonly Node[],
  layers: readonly Node[],
): readonly string[] {
  const names = layers.slice(0, most).map(({ name }) => `"${name}"`);
  const more = layers.length > most ? ` and ${layers.length - most} more` : '';
  return rules
    .filter((rule) => !nodes.some(testOf(rule)))
    .map((rule) => {
      const said = typeof rule === 'string' ? `"${rule}"` : typeof rule === 'function' ? 'the function' : String(rule);
      return `exclude: ${said} matches no layer. There are ${names.join(', ')}${more}.`;
    });
}

/** Names that a warning gives at most. */
const most = 6;

function testOf(rule: Rule): (node: Node) => boolean {
  if (typeof rule === 'string') return (node) => node.name === rule;
  if (rule instanceof RegExp) return (node) => node.name.search(rule) >= 0;
  return rule;
}
