import type { Operator } from '../../graph/operator.ts';
import { shapeOperator } from './shape.ts';

export * from './shape.ts';

/** The constant operators. */
export const constantOperators: readonly Operator[] = [shapeOperator];
