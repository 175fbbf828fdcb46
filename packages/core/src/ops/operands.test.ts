import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { standardOperators } from './index.ts';

const shapes: Readonly<Record<string, readonly number[][]>> = {
  Add: [[2, 3]],
  Conv: [[1, 3, 8, 8]],
  BatchNormalization: [[1, 3, 8, 8], [3], [3]],
  Relu: [],
};

describe('the inputs of an operator', () => {
  it.each(Object.entries(shapes))('are missed in %s, by its name and the types of those given', (type, given) => {
    const b = new GraphBuilder();
    const inputs = given.map((shape, i) => b.input(`x${i}`, 'float32', shape));
    expect(() => b.op(type, inputs)).toThrow(
      expect.objectContaining({
        code: 'shape-mismatch',
        op: type,
        message: expect.stringContaining(`input ${given.length} is not given`),
        hint: expect.stringContaining('specification'),
      }),
    );
  });

  it('are missed where a needed one is left out, and not where an optional one is', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    expect(() => b.op('Where', [undefined, x, x])).toThrow('it takes 3 inputs, input 0 is not given.');
    expect(b.op('Clip', [x, undefined, b.scalar(1)]).shape).toEqual([2, 3]);
  });

  it('are counted', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    expect(() => b.op('Relu', [x, x])).toThrow('it takes 1 input, 2 are given.');
    expect(() => b.op('Clip', [x, x, x, x])).toThrow('it takes 1 to 3 inputs, 4 are given.');
    expect(b.op('Sum', [x, x, x, x]).shape).toEqual([2, 3]);
  });

  it('hold what the operator computes with', () => {
    const b = new GraphBuilder();
    const [whole, truth, half] = (['int32', 'bool', 'float16'] as const).map((dtype) => b.input(dtype, dtype, [2, 3]));
    expect(() => b.op('Sigmoid', [whole])).toThrow(
      expect.objectContaining({
        code: 'shape-mismatch',
        op: 'Sigmoid',
        message: expect.stringContaining('it takes floating-point numbers, its first input is of type int32.'),
        hint: expect.stringContaining('Cast'),
      }),
    );
    expect(() => b.op('Mul', [truth, truth])).toThrow('it takes numbers, its first input is of type bool.');
    expect(b.op('Mul', [whole, whole]).dtype).toBe('int32');
    expect(b.op('Sigmoid', [half]).dtype).toBe('float16');
    expect(b.op('Not', [truth]).dtype).toBe('bool');
  });

  it('are known of every operator that there is', () => {
    for (const { operands } of standardOperators.values()) expect(operands?.[0]).toBeLessThanOrEqual(operands![1]);
  });
});
