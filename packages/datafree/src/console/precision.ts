import type { MixedPrecision } from '@datafree/plugin';
import { table } from './table.ts';

/** What is printed of bits that were chosen layer by layer: what other budgets would have given, and each layer. */
export function precisionLines({ budget, layers, table: rows }: MixedPrecision): string[] {
  const cost = budget.of === 'size' ? 'size' : 'operations';
  return [
    '',
    table(
      [cost, 'bits on average', 'divergence', ''],
      rows.map(({ share, averageBits, divergence, chosen }) => [
        share.toFixed(4),
        averageBits.toFixed(2),
        divergence.toPrecision(3),
        chosen ? `chosen: at most ${budget.share}` : '',
      ]),
    ),
    '',
    table(
      ['layer', 'bits', 'activation bits', 'weights', 'divergence'],
      layers.map(({ node, bits, activations, elements, divergence }) => [
        node,
        String(bits),
        String(activations),
        String(elements),
        divergence.toPrecision(3),
      ]),
    ),
  ];
}
