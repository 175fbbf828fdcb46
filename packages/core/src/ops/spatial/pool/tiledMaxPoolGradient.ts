import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { elementCount } from '../../../tensor.ts';
import { div } from '../../elementwise/div.ts';
import { mul } from '../../elementwise/mul.ts';
import { fit } from '../fit.ts';
import { enlarge } from '../resize/enlarge.ts';
import { neededEnds, type SlidingWindow } from '../window.ts';
import { averagePool } from './averagePoolNode.ts';
import { equalMask } from './equalMask.ts';

/** Derivative of a maximum over windows that lie side by side: maxima and shares are enlarged to the size of `x`. */
export function tiledMaxPoolGradient(b: GraphBuilder, x: Value, y: Value, dy: Value, window: SlidingWindow): Value {
  const { kernel, strides } = window;
  const unread = neededEnds(window);
  const none = unread.map(() => 0);
  const taken = equalMask(b, fit(b, x, none, unread), enlarge(b, y, kernel));
  const count = mul(b, averagePool(b, taken, { kernel, strides }), elementCount(kernel));
  const dx = mul(b, taken, enlarge(b, div(b, dy, count), kernel));
  return fit(
    b,
    dx,
    none,
    unread.map((end) => -end),
  );
}
