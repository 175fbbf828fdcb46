import { abs, add, reduceMean } from '@datafree/core';
import { stencil } from './stencil.ts';
import type { Term } from './term.ts';

/**
 * Total variation: the mean absolute difference of neighbours, summed over the spatial axes, in units of the input's
 * range. 0 for inputs without spatial axes.
 */
export function totalVariation(weight = 1): Term {
  return {
    name: 'variation',
    weight,
    reads: () => [],
    write({ builder: b, unit }) {
      const spatial = unit.shape.slice(2);
      return spatial.reduce((sum, length, axis) => {
        if (length < 2) return sum;
        const size = spatial.map((_, other) => (other === axis ? 2 : 1));
        return add(b, sum, reduceMean(b, abs(b, stencil(b, unit, size, [-1, 1]))));
      }, b.scalar(0));
    },
  };
}
