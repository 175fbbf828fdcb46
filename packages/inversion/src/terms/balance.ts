import { add, log, mul, reduceMean, reduceSum, softmax } from '@datafree/core';
import { logitsName, logitsOf } from './logits.ts';
import type { Term } from './term.ts';

/** Far below any share of a class: keeps the logarithm of one that vanishes finite. */
const leastShare = 1e-10;

/**
 * Spreads the samples of a batch over the classes: the negative entropy of the mean of their softmax,
 * `Σ_c p_c log p_c`, from −log(classes), where all are equally likely, to 0 (the information entropy loss of Chen et al.
 * 2019, "Data-Free Learning of Student Networks", equation 8).
 */
export function classBalance(weight = 1): Term {
  return {
    name: 'balance',
    weight,
    reads: (model) => [logitsName(model)],
    write(scope) {
      const { builder: b } = scope;
      const shares = reduceMean(b, softmax(b, logitsOf(scope), 1), [0]);
      return reduceSum(b, mul(b, shares, log(b, add(b, shares, leastShare))));
    },
  };
}
