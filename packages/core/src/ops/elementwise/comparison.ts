import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { broadcastType, mapBroadcast } from './broadcast.ts';
import { type Operand, valuesOf } from './operand.ts';

/** `x = y`, broadcast; of type bool. */
export function equal(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Equal', valuesOf(b, [x, y]));
}

/** `x > y`, broadcast; of type bool. */
export function greater(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Greater', valuesOf(b, [x, y]));
}

/** `x ≥ y`, broadcast; of type bool. */
export function greaterOrEqual(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('GreaterOrEqual', valuesOf(b, [x, y]));
}

/** `x < y`, broadcast; of type bool. */
export function less(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Less', valuesOf(b, [x, y]));
}

/** `x ≤ y`, broadcast; of type bool. */
export function lessOrEqual(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('LessOrEqual', valuesOf(b, [x, y]));
}

function comparison(type: string, holds: (x: number, y: number) => boolean): Operator {
  return {
    type,
    infer: ({ inputs }) => [{ dtype: 'bool', shape: broadcastType(inputs).shape }],
    evaluate: ({ inputs: [x, y] }) => [mapBroadcast([x!, y!], (left, right) => Number(holds(left, right)), 'bool')],
  };
}

/** Equal. */
export const equalOperator = comparison('Equal', (x, y) => x === y);
/** Greater. */
export const greaterOperator = comparison('Greater', (x, y) => x > y);
/** GreaterOrEqual. */
export const greaterOrEqualOperator = comparison('GreaterOrEqual', (x, y) => x >= y);
/** Less. */
export const lessOperator = comparison('Less', (x, y) => x < y);
/** LessOrEqual. */
export const lessOrEqualOperator = comparison('LessOrEqual', (x, y) => x <= y);
