import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { uniformTensor } from '../../testing/values.ts';
import { gemm } from './gemm.ts';
import { matMul } from './matMul.ts';

const size = fc.integer({ min: 1, max: 4 });

describe('gemm', () => {
  it('has derivatives by all inputs', () => {
    const cases = fc.record({
      rows: size,
      inner: size,
      columns: size,
      alpha: fc.constantFrom(1, 0.5),
      beta: fc.constantFrom(1, -2),
      transA: fc.boolean(),
      transB: fc.boolean(),
      c: fc.constantFrom('none', 'scalar', 'row', 'column', 'full'),
    });
    fc.assert(
      fc.property(cases, ({ rows, inner, columns, c, ...options }) => {
        const shapes = { none: undefined, scalar: [], row: [columns], column: [rows, 1], full: [rows, columns] };
        const shape = shapes[c as keyof typeof shapes];
        checkGradient({
          inputs: [
            uniformTensor(options.transA ? [inner, rows] : [rows, inner], 1),
            uniformTensor(options.transB ? [columns, inner] : [inner, columns], 2),
            ...(shape ? [uniformTensor(shape, 3)] : []),
          ],
          build: (b, [x, y, z]) => gemm(b, x!, y!, z, options),
        });
      }),
      { numRuns: 60 },
    );
  });

  it('computes what it says', () => {
    const b = new GraphBuilder();
    const a = b.constant(tensorOf('float32', [2, 2], [1, 2, 3, 4]));
    const c = b.constant(tensorOf('float32', [2], [10, 20]));
    const y = gemm(b, a, a, c, { alpha: 2, beta: 3, transB: true });
    expect(Array.from(numbersOf(b.constantOf(y)!))).toEqual([40, 82, 52, 110]);
  });

  it('refuses inner sizes that differ', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    expect(() => gemm(b, x, x)).toThrow('[2,3] and [2,3] cannot be multiplied');
    expect(() => gemm(b, x, x, undefined, { transA: true, transB: true })).toThrow('[2,3]ᵀ and [2,3]ᵀ');
  });
});

describe('matMul', () => {
  it('has derivatives for all ranks and broadcast batches', () => {
    const cases = fc.record({
      rows: fc.option(size),
      inner: size,
      columns: fc.option(size),
      batch: fc.array(fc.tuple(size, fc.constantFrom('both', 'left', 'right')), { maxLength: 2 }),
      leftRank: fc.integer({ min: 0, max: 2 }),
      rightRank: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(cases, ({ rows, inner, columns, batch, leftRank, rightRank }) => {
        const axes = (side: 'left' | 'right', rank: number) =>
          batch.map(([n, whose]) => (whose === 'both' || whose === side ? n : 1)).slice(-rank || batch.length);
        const left = rows === null ? [inner] : [...axes('left', leftRank), rows, inner];
        const right = columns === null ? [inner] : [...axes('right', rightRank), inner, columns];
        checkGradient({
          inputs: [uniformTensor(left, 1), uniformTensor(right, 2)],
          build: (b, [x, y]) => matMul(b, x!, y!),
        });
      }),
      { numRuns: 50 },
    );
  });

  it('multiplies batches of matrices', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [2, 1, 2], [1, 2, 3, 4]));
    const y = b.constant(tensorOf('float32', [2, 2], [1, 10, 100, 1000]));
    const product = matMul(b, x, y);
    expect(product.shape).toEqual([2, 1, 2]);
    expect(Array.from(numbersOf(b.constantOf(product)!))).toEqual([201, 2010, 403, 4030]);
  });

  it('refuses inner sizes that differ', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    expect(() => matMul(b, x, x)).toThrow('[2,3] and [2,3] cannot be multiplied as matrices');
  });
});
