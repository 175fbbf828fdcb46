import type { Operator } from '../../graph/operator.ts';
import { absOperator } from './abs.ts';
import { addOperator } from './add.ts';
import { castLikeOperator, castOperator } from './cast.ts';
import { ceilOperator } from './ceil.ts';
import {
  equalOperator,
  greaterOperator,
  greaterOrEqualOperator,
  lessOperator,
  lessOrEqualOperator,
} from './comparison.ts';
import { cosOperator } from './cos.ts';
import { divOperator } from './div.ts';
import { erfOperator } from './erf.ts';
import { expOperator } from './exp.ts';
import { floorOperator } from './floor.ts';
import { isInfOperator } from './isInf.ts';
import { isNaNOperator } from './isNaN.ts';
import { logOperator } from './log.ts';
import { andOperator, notOperator, orOperator, xorOperator } from './logic.ts';
import { maxOperator } from './max.ts';
import { meanOperator } from './mean.ts';
import { minOperator } from './min.ts';
import { modOperator } from './mod.ts';
import { mulOperator } from './mul.ts';
import { negOperator } from './neg.ts';
import { powOperator } from './pow.ts';
import { reciprocalOperator } from './reciprocal.ts';
import { roundOperator } from './round.ts';
import { signOperator } from './sign.ts';
import { sinOperator } from './sin.ts';
import { sqrtOperator } from './sqrt.ts';
import { subOperator } from './sub.ts';
import { sumOperator } from './sum.ts';
import { whereOperator } from './where.ts';

export * from './abs.ts';
export * from './add.ts';
export * from './cast.ts';
export * from './ceil.ts';
export * from './comparison.ts';
export * from './cos.ts';
export * from './div.ts';
export * from './erf.ts';
export * from './exp.ts';
export * from './floor.ts';
export * from './isInf.ts';
export * from './isNaN.ts';
export * from './log.ts';
export * from './logic.ts';
export * from './max.ts';
export * from './mean.ts';
export * from './min.ts';
export * from './mod.ts';
export * from './mul.ts';
export * from './neg.ts';
export type { Operand } from './operand.ts';
export * from './pow.ts';
export * from './reciprocal.ts';
export * from './round.ts';
export * from './sign.ts';
export * from './sin.ts';
export * from './sqrt.ts';
export * from './sub.ts';
export * from './sum.ts';
export * from './where.ts';

/** The elementwise operators. */
export const elementwiseOperators: readonly Operator[] = [
  absOperator,
  addOperator,
  castOperator,
  castLikeOperator,
  ceilOperator,
  equalOperator,
  greaterOperator,
  greaterOrEqualOperator,
  lessOperator,
  lessOrEqualOperator,
  cosOperator,
  divOperator,
  erfOperator,
  expOperator,
  floorOperator,
  isInfOperator,
  isNaNOperator,
  logOperator,
  andOperator,
  orOperator,
  xorOperator,
  notOperator,
  maxOperator,
  meanOperator,
  minOperator,
  modOperator,
  mulOperator,
  negOperator,
  powOperator,
  reciprocalOperator,
  roundOperator,
  signOperator,
  sinOperator,
  sqrtOperator,
  subOperator,
  sumOperator,
  whereOperator,
];
