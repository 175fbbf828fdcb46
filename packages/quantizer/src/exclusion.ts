import type { Node } from '@datafree/plugin';
import type { ParsedQuantizerOptions } from './options.ts';

/** The test that the `exclude` option describes. A text is a whole name, a pattern may match any part of one. */
export function exclusionOf(rules: ParsedQuantizerOptions['exclude']): (node: Node) => boolean {
  const tests = rules.map((rule) => {
    if (typeof rule === 'string') return (node: Node) => node.name === rule;
    if (rule instanceof RegExp) return (node: Node) => node.name.search(rule) >= 0;
    return rule;
  });
  return (node) => tests.some((test) => test(node));
}
