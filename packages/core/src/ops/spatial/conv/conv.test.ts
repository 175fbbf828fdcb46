import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { checkGradient } from '../../../testing/checkGradient.ts';
import { uniformTensor } from '../../../testing/values.ts';
import { conv } from './convNodes.ts';

describe('conv', () => {
  it('has the derivatives of its definition', () => {
    const axis = fc.record({
      kernel: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      begin: fc.integer({ min: 0, max: 4 }),
      end: fc.integer({ min: 0, max: 4 }),
      size: fc.integer({ min: 1, max: 7 }),
    });
    const cases = fc.record({
      axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
      samples: fc.integer({ min: 1, max: 2 }),
      groups: fc.integer({ min: 1, max: 3 }),
      depth: fc.integer({ min: 1, max: 2 }),
      filters: fc.integer({ min: 1, max: 2 }),
      constant: fc.constantFrom([], [0], [1]),
    });
    fc.assert(
      fc.property(cases, ({ axes, samples, groups, depth, filters, constant }) => {
        const fits = axes.every((a) => a.size + a.begin + a.end >= (a.kernel - 1) * a.dilation + 1);
        fc.pre(fits);
        checkGradient({
          inputs: [
            uniformTensor([samples, groups * depth, ...axes.map((a) => a.size)], 1),
            uniformTensor([groups * filters, depth, ...axes.map((a) => a.kernel)], 2),
            uniformTensor([groups * filters], 3),
          ],
          constant,
          build: (b, [x, w, bias]) =>
            conv(b, x!, w!, bias, {
              strides: axes.map((a) => a.stride),
              dilations: axes.map((a) => a.dilation),
              pads: [...axes.map((a) => a.begin), ...axes.map((a) => a.end)],
              groups,
            }),
        });
      }),
      { numRuns: 60 },
    );
  });
});
