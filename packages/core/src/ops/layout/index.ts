import type { Operator } from '../../graph/operator.ts';
import { concatOperator } from './concat.ts';
import { expandOperator } from './expand.ts';
import { flattenOperator } from './flatten.ts';
import { gatherOperator } from './gather.ts';
import { identityOperator } from './identity.ts';
import { padOperator } from './pad.ts';
import { reshapeOperator } from './reshape.ts';
import { sliceOperator } from './slice.ts';
import { splitOperator } from './split.ts';
import { squeezeOperator } from './squeeze.ts';
import { tileOperator } from './tile.ts';
import { transposeOperator } from './transpose.ts';
import { unsqueezeOperator } from './unsqueeze.ts';

export * from './concat.ts';
export * from './expand.ts';
export * from './flatten.ts';
export * from './gather.ts';
export * from './identity.ts';
export * from './pad.ts';
export * from './reshape.ts';
export * from './slice.ts';
export * from './split.ts';
export * from './squeeze.ts';
export * from './tile.ts';
export * from './transpose.ts';
export * from './unsqueeze.ts';

/** The layout operators. */
export const layoutOperators: readonly Operator[] = [
  concatOperator,
  expandOperator,
  flattenOperator,
  gatherOperator,
  identityOperator,
  padOperator,
  reshapeOperator,
  sliceOperator,
  splitOperator,
  squeezeOperator,
  tileOperator,
  transposeOperator,
  unsqueezeOperator,
];
