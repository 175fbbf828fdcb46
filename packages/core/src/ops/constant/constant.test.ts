import { describe, expect, it } from 'vitest';
import { attribute, elementTypeCodes } from '../../index.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { run } from '../../testing/run.ts';
import { uniformTensor } from '../../testing/values.ts';

const { int, ints, float, floats, string, strings, tensor } = {
  ...attribute,
  strings: (value: readonly string[]) => ({ type: 'strings', value }) as const,
};

describe('Constant', () => {
  it.each([
    { attributes: { value: tensor(tensorOf('int8', [2], [1, -1])) }, expected: tensorOf('int8', [2], [1, -1]) },
    { attributes: { value_float: float(1.5) }, expected: tensorOf('float32', [], [1.5]) },
    { attributes: { value_floats: floats([1, 2]) }, expected: tensorOf('float32', [2], [1, 2]) },
    { attributes: { value_int: int(-3) }, expected: tensorOf('int64', [], [-3]) },
    { attributes: { value_ints: ints([]) }, expected: tensorOf('int64', [0], []) },
    { attributes: { value_string: string('a') }, expected: { dtype: 'string' as const, dims: [], data: ['a'] } },
    {
      attributes: { value_strings: strings(['a', 'b']) },
      expected: { dtype: 'string' as const, dims: [2], data: ['a', 'b'] },
    },
  ])('holds $attributes', ({ attributes, expected }) => {
    expect(run([], (b) => b.op('Constant', [], attributes))).toEqual([expected]);
  });

  it('refuses to be without a value', () => {
    expect(() => run([], (b) => b.op('Constant', []))).toThrow(expect.objectContaining({ code: 'attribute-invalid' }));
  });
});

describe('ConstantOfShape', () => {
  it('repeats its value, 0 when it has none', () => {
    const [zeros, twos] = run([], (b) => [
      b.op('ConstantOfShape', [b.int64([2, 2])]),
      b.op('ConstantOfShape', [b.int64([3])], { value: tensor(tensorOf('int64', [1], [2])) }),
    ]);
    expect(zeros).toEqual(tensorOf('float32', [2, 2], [0, 0, 0, 0]));
    expect(twos).toEqual(tensorOf('int64', [3], [2, 2, 2]));
    expect(run([], (b) => b.op('ConstantOfShape', [b.int64([])]))).toEqual([tensorOf('float32', [], [0])]);
  });
});

describe('Shape and Size', () => {
  it('are known without the content', () => {
    const results = run([uniformTensor([2, 3, 4])], (b, [x]) => [
      b.op('Shape', [x]),
      b.op('Shape', [x], { start: int(-2) }),
      b.op('Shape', [x], { start: int(0), end: int(1) }),
      b.op('Size', [x]),
    ]);
    expect(results.map((result) => Array.from(numbersOf(result)))).toEqual([[2, 3, 4], [3, 4], [2], [24]]);
    expect(results.map((result) => result.dtype)).toEqual(['int64', 'int64', 'int64', 'int64']);
  });
});

describe('EyeLike', () => {
  it('has ones on its diagonal', () => {
    const [plain, shifted] = run([uniformTensor([2, 3])], (b, [x]) => [
      b.op('EyeLike', [x]),
      b.op('EyeLike', [x], { k: int(1), dtype: int(elementTypeCodes.int32) }),
    ]);
    expect(plain).toEqual(tensorOf('float32', [2, 3], [1, 0, 0, 0, 1, 0]));
    expect(shifted).toEqual(tensorOf('int32', [2, 3], [0, 1, 0, 0, 0, 1]));
  });
});

describe('Range', () => {
  const range = (start: number, limit: number, delta: number, dtype: 'int64' | 'float32' = 'int64') =>
    Array.from(
      numbersOf(
        run([], (b) =>
          b.op(
            'Range',
            [start, limit, delta].map((value) => b.scalar(value, dtype)),
          ),
        )[0]!,
      ),
    );

  it('counts up and down, and stops before the limit', () => {
    expect(range(0, 5, 2)).toEqual([0, 2, 4]);
    expect(range(0, 4, 2)).toEqual([0, 2]);
    expect(range(5, 0, -2)).toEqual([5, 3, 1]);
    expect(range(3, 3, 1)).toEqual([]);
    expect(range(0, 1, 0.5, 'float32')).toEqual([0, 0.5]);
  });

  it('refuses a step of 0, and what is not constant', () => {
    expect(() => range(0, 1, 0)).toThrow(expect.objectContaining({ code: 'attribute-invalid' }));
    const limit = tensorOf('int64', [], [3]);
    expect(() => run([limit], (b, [x]) => b.op('Range', [b.scalar(0, 'int64'), x, b.scalar(1, 'int64')]))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  });
});
