import {
  exp,
  type GraphBuilder,
  logSoftmax,
  max,
  mul,
  reduceMax,
  reduceMean,
  reduceSum,
  sub,
  type Value,
} from '@datafree/core';
import { logitsName, logitsOf } from './logits.ts';
import type { Term } from './term.ts';

/** How a sample is drawn to its class y, z being the logits. */
export type ClassLoss =
  /** `exp(−s · mean z_y)`: the pull fades as the logit grows ("The Knowledge Within", section 3.4). */
  | { readonly kind: 'exp'; readonly scale?: number }
  /** `−mean log softmax(z)_y`. */
  | { readonly kind: 'cross-entropy' }
  /** `−mean z_y`. */
  | { readonly kind: 'linear' }
  /** `mean max(0, margin − (z_y − max_{k≠y} z_k))`. */
  | { readonly kind: 'margin'; readonly margin?: number };

/** Draws each sample to its class. */
export function classLoss(loss: ClassLoss, weight = 1): Term {
  return {
    name: 'class',
    weight,
    reads: (model) => [logitsName(model)],
    write(scope) {
      const { builder: b } = scope;
      const logits = logitsOf(scope);
      const classes = scope.classes();
      switch (loss.kind) {
        case 'exp':
          return exp(b, mul(b, reduceMean(b, chosen(b, logits, classes)), -(loss.scale ?? 4e-4)));
        case 'cross-entropy':
          return mul(b, reduceMean(b, chosen(b, logSoftmax(b, logits, 1), classes)), -1);
        case 'linear':
          return mul(b, reduceMean(b, chosen(b, logits, classes)), -1);
        case 'margin': {
          const others = reduceMax(b, sub(b, logits, mul(b, classes, unreachable)), [1]);
          const lead = sub(b, chosen(b, logits, classes), others);
          return reduceMean(b, max(b, sub(b, loss.margin ?? 5, lead), 0));
        }
      }
    },
  };
}

/** Far above any logit: takes the own class out of a maximum. */
const unreachable = 1e9;

/** The entry of each row that its class points at. */
function chosen(b: GraphBuilder, rows: Value, classes: Value): Value {
  return reduceSum(b, mul(b, rows, classes), [1]);
}
