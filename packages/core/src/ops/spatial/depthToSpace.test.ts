import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { uniformTensor } from '../../testing/values.ts';
import { depthToSpace, spaceToDepth } from './depthToSpace.ts';

const size = fc.integer({ min: 1, max: 3 });

describe('depthToSpace and spaceToDepth', () => {
  it('have derivatives that move the adjoint back', () => {
    const which = fc.constantFrom('DCR' as const, 'CRD' as const, 'spaceToDepth' as const);
    fc.assert(
      fc.property(which, size, size, size, size, (mode, block, channels, height, width) => {
        const shape =
          mode === 'spaceToDepth'
            ? [2, channels, height * block, width * block]
            : [2, channels * block * block, height, width];
        checkGradient({
          inputs: [uniformTensor(shape)],
          build: (b, [x]) => (mode === 'spaceToDepth' ? spaceToDepth(b, x!, block) : depthToSpace(b, x!, block, mode)),
        });
      }),
      { numRuns: 40 },
    );
  });

  it('number channels by cell (DCR) or by channel (CRD)', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [1, 8, 1, 1], [0, 1, 2, 3, 4, 5, 6, 7]));
    const values = (value = x) => Array.from(numbersOf(b.constantOf(value)!));
    const deep = depthToSpace(b, x, 2);
    expect(values(deep)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect(values(depthToSpace(b, x, 2, 'CRD'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(values(spaceToDepth(b, deep, 2))).toEqual(values());
  });

  it('refuse channels that do not divide', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 6, 1, 1]);
    expect(() => depthToSpace(b, x, 2)).toThrow('[1,6,1,1] does not divide into blocks of 2');
  });
});
