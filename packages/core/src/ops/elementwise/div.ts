import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { isFloat } from '../../tensor.ts';
import { binary } from './binary.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { type Operand, valuesOf } from './operand.ts';

/** `x / y`, broadcast. Integers are divided towards zero. */
export function div(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Div', valuesOf(b, [x, y]));
}

const real = binary('Div', {
  compute: () => (x, y) => x / y,
  gradient: [(b, dz, { y }) => div(b, dz, y), (b, dz, { y, z }) => neg(b, mul(b, div(b, dz, y), z))],
});

const whole = binary('Div', {
  compute: () => (x, y) => {
    if (y === 0) throw new DatafreeError('not-finite', 'an integer is divided by zero.');
    return Math.trunc(x / y);
  },
  gradient: [() => undefined, () => undefined],
});

/** Div. Derivative: `dz / y` and `−dz · z / y`. Integer division truncates. */
export const divOperator: Operator = {
  ...real,
  evaluate: (context) => (isFloat(context.inputs[0]!.dtype) ? real : whole).evaluate!(context),
};
