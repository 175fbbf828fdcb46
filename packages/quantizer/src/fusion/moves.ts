import type { Node } from '@datafree/plugin';
import type { Reach } from '../plan/reach.ts';
import type { Execution } from './optimized.ts';

/** Operators that only give values another shape: no kernel is worth a line in the report. */
const shapes: ReadonlySet<string> = new Set(['Flatten', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze']);

/** Operators that move values and compute none. */
const moves: ReadonlySet<string> = new Set([
  'Concat',
  'DepthToSpace',
  'Expand',
  'Gather',
  'Pad',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Tile',
  'Transpose',
]);

/**
 * Whether an operator is a line of the report. One that only moves values is one where the runtime moves integers with
 * it, or keeps floats between layers with weights that could be integers; it is none where the runtime does without it
 * (neighbouring slices become one split) or where it moves the network's inputs or outputs.
 */
export function isLayer({ op }: Node, found: Execution | undefined, between: boolean): boolean {
  if (shapes.has(op)) return false;
  return !moves.has(op) || (found !== undefined && (found.integer || between));
}

/** True for a node that has layers with weights before and after it. */
export function isBetween(node: Node, reach: Reach): boolean {
  return reach.after.has(node) && reach.before.has(node);
}
