import type { Operator } from '../../graph/operator.ts';
import { concatOperator } from './concat.ts';
import { dropoutOperator } from './dropout.ts';
import { expandOperator } from './expand.ts';
import { flattenOperator } from './flatten.ts';
import { gatherOperator } from './gather.ts';
import { gatherElementsOperator } from './gatherElements.ts';
import { gatherNDOperator } from './gatherND.ts';
import { identityOperator } from './identity.ts';
import { oneHotOperator } from './oneHot.ts';
import { padOperator } from './pad.ts';
import { reshapeOperator } from './reshape.ts';
import { reverseSequenceOperator } from './reverseSequence.ts';
import { scatterElementsOperator } from './scatterElements.ts';
import { scatterNDOperator } from './scatterND.ts';
import { sliceOperator } from './slice.ts';
import { splitOperator } from './split.ts';
import { squeezeOperator } from './squeeze.ts';
import { tileOperator } from './tile.ts';
import { transposeOperator } from './transpose.ts';
import { triluOperator } from './trilu.ts';
import { unsqueezeOperator } from './unsqueeze.ts';

export * from './concat.ts';
export * from './dropout.ts';
export * from './expand.ts';
export * from './flatten.ts';
export * from './gather.ts';
export * from './gatherElements.ts';
export * from './gatherND.ts';
export * from './identity.ts';
export * from './oneHot.ts';
export * from './pad.ts';
export * from './reshape.ts';
export * from './reverseSequence.ts';
export * from './scatterElements.ts';
export * from './scatterND.ts';
export * from './slice.ts';
export * from './split.ts';
export * from './squeeze.ts';
export * from './tile.ts';
export * from './transpose.ts';
export * from './trilu.ts';
export * from './unsqueeze.ts';

/** The layout operators. */
export const layoutOperators: readonly Operator[] = [
  concatOperator,
  dropoutOperator,
  expandOperator,
  flattenOperator,
  gatherOperator,
  gatherElementsOperator,
  gatherNDOperator,
  identityOperator,
  oneHotOperator,
  padOperator,
  reshapeOperator,
  reverseSequenceOperator,
  scatterElementsOperator,
  scatterNDOperator,
  sliceOperator,
  splitOperator,
  squeezeOperator,
  tileOperator,
  transposeOperator,
  triluOperator,
  unsqueezeOperator,
];
