import type { Operator } from '../../graph/operator.ts';
import { constantOperator } from './constant.ts';
import { constantOfShapeOperator } from './constantOfShape.ts';
import { eyeLikeOperator } from './eyeLike.ts';
import { rangeOperator } from './range.ts';
import { shapeOperator } from './shape.ts';
import { sizeOperator } from './size.ts';

export * from './constant.ts';
export * from './constantOfShape.ts';
export * from './eyeLike.ts';
export * from './range.ts';
export * from './shape.ts';
export * from './size.ts';

/** The constant operators. */
export const constantOperators: readonly Operator[] = [
  constantOperator,
  constantOfShapeOperator,
  eyeLikeOperator,
  rangeOperator,
  shapeOperator,
  sizeOperator,
];
