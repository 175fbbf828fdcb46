import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { unary } from '../elementwise/unary.ts';
import { hardSigmoid, insideUnit } from './hardSigmoid.ts';

/** `x · min(max(x/6 + 1/2, 0), 1)`, element by element (Howard et al. 2019, "Searching for MobileNetV3"). */
export function hardSwish(b: GraphBuilder, x: Value): Value {
  return b.op('HardSwish', [x]);
}

/** HardSwish. With the gate `g = min(max(x/6 + 1/2, 0), 1)`, the derivative is `g`, plus `x/6` where `0 < g < 1`. */
export const hardSwishOperator: Operator = unary('HardSwish', {
  compute: () => (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  gradient: (b, dy, { x }) => {
    const gate = hardSigmoid(b, x, 1 / 6, 0.5);
    return mul(b, dy, add(b, gate, mul(b, mul(b, x, 1 / 6), insideUnit(b, gate))));
  },
});
