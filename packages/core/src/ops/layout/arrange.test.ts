import type { Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, type GraphBuilder, type Value } from '../../index.ts';
import { elementCount, int64Of, numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapes, shapesWithAxis } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { concat } from './concat.ts';
import { expand } from './expand.ts';
import { flatten } from './flatten.ts';
import { identity } from './identity.ts';
import { reshape } from './reshape.ts';
import { split } from './split.ts';
import { squeeze } from './squeeze.ts';
import { tile } from './tile.ts';
import { transpose } from './transpose.ts';
import { unsqueeze } from './unsqueeze.ts';

const { int } = attribute;
const data = (tensor: Tensor) => Array.from(numbersOf(tensor));
/** 0, 1, 2, … in a shape: every element tells where it came from. */
const counted = (shape: readonly number[]) =>
  tensorOf(
    'int32',
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => i),
  );

/** The element of a tensor at an index. */
function at(tensor: Tensor, index: readonly number[]): number {
  return numbersOf(tensor)[index.reduce((offset, position, axis) => offset * tensor.dims[axis]! + position, 0)]!;
}

/** Every index of a shape. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, size) => prefixes.flatMap((prefix) => Array.from({ length: size }, (_, i) => [...prefix, i])),
    [[]],
  );
}

describe('Reshape and Flatten', () => {
  it('keep the elements in order', () => {
    fc.assert(
      fc.property(shapesWithAxis(), ({ shape, axis }) => {
        const x = counted(shape);
        const split = axis < 0 ? axis + shape.length : axis;
        const results = run([x], (b, [value]) => [
          flatten(b, value!, axis),
          reshape(b, value!, [-1, 1]),
          reshape(b, value!, shape),
        ]);
        expect(results.map(data)).toEqual([data(x), data(x), data(x)]);
        expect(results.map((result) => result.dims)).toEqual([
          [elementCount(shape.slice(0, split)), elementCount(shape.slice(split))],
          [elementCount(shape), 1],
          shape,
        ]);
      }),
    );
  });

  it('copy a dimension where the shape says 0, unless zero is meant', () => {
    const shapeOf = (from: number[], to: number[], allowzero = 0) =>
      run([counted(from)], (b, [x]) => b.op('Reshape', [x, b.int64(to)], { allowzero: int(allowzero) }))[0]!.dims;
    expect(shapeOf([2, 3, 4], [0, -1])).toEqual([2, 12]);
    expect(shapeOf([0, 3], [3, 0], 1)).toEqual([3, 0]);
    expect(() => shapeOf([2, 3], [4, -1])).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
    expect(() => shapeOf([2, 3], [-1, -1])).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
  });
});

describe('Flatten', () => {
  it('has the derivative of central differences at every axis', () => {
    const cases = shapes().chain((shape) =>
      fc.integer({ min: -shape.length, max: shape.length }).map((axis) => ({ shape, axis })),
    );
    fc.assert(
      fc.property(cases, seeds, ({ shape, axis }, seed) => {
        checkGradient({ inputs: [uniformTensor(shape, seed)], build: (b, [x]) => flatten(b, x!, axis), seed });
      }),
      { numRuns: 30 },
    );
  });
});

describe('Squeeze and Unsqueeze', () => {
  it('undo each other', () => {
    const cases = shapes(0, 3).chain((shape) =>
      fc
        .subarray(
          Array.from({ length: shape.length + 2 }, (_, axis) => axis),
          { minLength: 2, maxLength: 2 },
        )
        .map((axes) => ({ shape, axes })),
    );
    fc.assert(
      fc.property(cases, ({ shape, axes }) => {
        const [wide, narrow] = run([counted(shape)], (b, [x]) => {
          const widened = unsqueeze(b, x!, axes);
          return [
            widened,
            squeeze(
              b,
              widened,
              axes.map((axis) => axis - shape.length - 2),
            ),
          ];
        });
        expect(axes.map((axis) => wide!.dims[axis])).toEqual([1, 1]);
        expect(narrow!.dims).toEqual(shape);
        expect(data(narrow!)).toEqual(data(counted(shape)));
      }),
    );
  });

  it('drop every axis of size 1 without being told which, and no other', () => {
    const [narrow] = run([counted([1, 2, 1, 3])], (b, [x]) => squeeze(b, x!));
    expect(narrow!.dims).toEqual([2, 3]);
    expect(() => run([counted([1, 2])], (b, [x]) => squeeze(b, x!, [1]))).toThrow(/axis 1 of \[1,2\] is not of size 1/);
  });
});

describe('Transpose', () => {
  const cases = shapes().chain((shape) =>
    fc
      .shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      )
      .map((perm) => ({ shape, perm })),
  );

  it('moves every element to its permuted index', () => {
    fc.assert(
      fc.property(cases, ({ shape, perm }) => {
        const x = counted(shape);
        const [y] = run([x], (b, [value]) => transpose(b, value!, perm));
        for (const index of indices(y!.dims)) {
          expect(at(y!, index)).toBe(
            at(
              x,
              shape.map((_, axis) => index[perm.indexOf(axis)]!),
            ),
          );
        }
      }),
    );
  });

  it('reverses the axes when not told otherwise, and refuses what is no order', () => {
    expect(run([counted([2, 3, 4])], (b, [x]) => b.op('Transpose', [x]))[0]!.dims).toEqual([4, 3, 2]);
    expect(() => run([counted([2, 3])], (b, [x]) => transpose(b, x!, [1, 1]))).toThrow(
      expect.objectContaining({ code: 'attribute-invalid' }),
    );
  });

  it('moves 4-bit integers, booleans, strings and 64-bit integers', () => {
    const bits = tensorOf('int4', [2, 2], [-8, 7, 1, -1]);
    const [turned] = run([bits], (b, [x]) => transpose(b, x!, [1, 0]));
    expect(data(turned!)).toEqual([-8, 1, 7, -1]);
    const large: Tensor = { dtype: 'int64', dims: [2, 1], data: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)) };
    expect(run([large], (b, [x]) => transpose(b, x!, [1, 0]))[0]!.data).toEqual(large.data);
    const words: Tensor = { dtype: 'string', dims: [2, 2], data: ['a', 'b', 'c', 'd'] };
    expect(run([words], (b, [x]) => transpose(b, x!, [1, 0]))[0]!.data).toEqual(['a', 'c', 'b', 'd']);
  });
});

describe('Expand', () => {
  it('repeats along new axes and axes of size 1', () => {
    const cases = shapes().chain((shape) =>
      fc
        .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
        .map(([drop, ones]) => ({ shape, from: shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(drop) })),
    );
    fc.assert(
      fc.property(cases, ({ shape, from }) => {
        const x = counted(from);
        const [y] = run([x], (b, [value]) => expand(b, value!, shape));
        for (const index of indices(shape)) {
          const own = index
            .slice(shape.length - from.length)
            .map((position, axis) => (from[axis] === 1 ? 0 : position));
          expect(at(y!, index)).toBe(at(x, own));
        }
      }),
    );
    expect(run([counted([2, 1])], (b, [x]) => expand(b, x!, [1, 3]))[0]!.dims).toEqual([2, 3]);
  });
});

describe('Tile', () => {
  it('repeats the whole along each axis', () => {
    const cases = shapes(0, 3).chain((shape) =>
      fc.tuple(...shape.map(() => fc.nat(3))).map((repeats) => ({ shape, repeats: repeats as number[] })),
    );
    fc.assert(
      fc.property(cases, ({ shape, repeats }) => {
        const x = counted(shape);
        const [y] = run([x], (b, [value]) => tile(b, value!, repeats));
        expect(y!.dims).toEqual(shape.map((size, axis) => size * repeats[axis]!));
        for (const index of indices(y!.dims)) {
          expect(at(y!, index)).toBe(
            at(
              x,
              index.map((position, axis) => position % shape[axis]!),
            ),
          );
        }
      }),
    );
  });
});

describe('Concat and Split', () => {
  const cases = fc
    .tuple(shapesWithAxis(), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }))
    .map(([{ shape, axis }, sizes]) => ({ shape, axis, sizes }));

  it('undo each other', () => {
    fc.assert(
      fc.property(cases, seeds, ({ shape, axis, sizes }, seed) => {
        const parts = sizes.map((size, k) => uniformTensor(shape.with(axis, size), seed + k));
        const [whole, ...again] = run(parts, (b, values) => {
          const joined = concat(b, values, axis);
          return [identity(b, joined), ...split(b, joined, sizes, axis)];
        });
        expect(whole!.dims.at(axis)).toBe(sizes.reduce((sum, size) => sum + size, 0));
        expect(again.map((part) => part.data)).toEqual(parts.map((part) => part.data));
      }),
    );
    const [joined] = run([counted([2, 1]), counted([2, 2])], (b, values) => concat(b, values, 1));
    expect(data(joined!)).toEqual([0, 0, 1, 1, 2, 3]);
  });

  it('part into nearly equal pieces when told how many', () => {
    const pieces = run([counted([7])], (b, [x]) =>
      b.apply('Split', [x], { attributes: { num_outputs: int(3) }, outputs: 3 }),
    );
    expect(pieces.map(data)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  });

  it('refuse parts that do not fit', () => {
    expect(() => run([counted([2, 3]), counted([3, 3])], (b, values) => concat(b, values, 1))).toThrow(
      /cannot be joined/,
    );
    expect(() => run([counted([4])], (b, [x]) => split(b, x!, [1, 2], 0))).toThrow(/do not add up to 4/);
  });

  const some = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });

  it('have the derivatives of central differences, also when only some parts are wanted or used', () => {
    fc.assert(
      fc.property(cases, some, seeds, ({ shape, axis, sizes }, chosen, seed) => {
        const fixed = [...sizes.keys()].filter((k) => k > 0 && chosen[k]);
        checkGradient({
          inputs: sizes.map((size, k) => uniformTensor(shape.with(axis, size), seed + k)),
          constant: fixed,
          build: (b, values) => concat(b, values, axis),
          seed,
        });
        const total = sizes.reduce((sum, size) => sum + size, 0);
        checkGradient({
          inputs: [uniformTensor(shape.with(axis, total), seed)],
          build: (b, [x]) => split(b, x!, sizes, axis).filter((_, k) => k === 0 || chosen[k]),
          seed,
        });
      }),
      { numRuns: 40 },
    );
  });

  it('have them in nearly equal pieces, and with pieces of size 0', () => {
    fc.assert(
      fc.property(shapesWithAxis(), fc.integer({ min: 1, max: 4 }), seeds, ({ shape, axis }, count, seed) => {
        checkGradient({
          inputs: [uniformTensor(shape, seed)],
          build: (b, [x]) =>
            b.apply('Split', [x], { attributes: { axis: int(axis), num_outputs: int(count) }, outputs: count }),
          seed,
        });
      }),
      { numRuns: 25 },
    );
  });
});

describe('Identity and Dropout', () => {
  it('leave the value as it is', () => {
    const [same, kept, mask] = run([counted([2, 2])], (b, [x]) => [
      identity(b, x!),
      ...b.apply('Dropout', [x], { outputs: 2 }),
    ]);
    expect([same, kept].map((result) => data(result!))).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    expect(mask).toEqual(tensorOf('bool', [2, 2], [1, 1, 1, 1]));
  });

  it('refuse training mode, unless nothing would be dropped', () => {
    const dropout = (ratio: number, training: number) =>
      run([uniformTensor([2])], (b, [x]) =>
        b.op('Dropout', [x, b.scalar(ratio), b.constant(tensorOf('bool', [], [training]))]),
      );
    expect(() => dropout(0.5, 1)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(dropout(0, 1)).toEqual(dropout(0.5, 0));
  });
});

const differentiable: readonly {
  name: string;
  build: (b: GraphBuilder, x: Value, shape: readonly number[]) => Value | readonly Value[];
}[] = [
  { name: 'Reshape', build: (b, x) => reshape(b, x, [x.shape.reduce((n, size) => n * size, 1)]) },
  { name: 'Unsqueeze', build: (b, x) => unsqueeze(b, x, [0, -1]) },
  { name: 'Squeeze', build: (b, x) => squeeze(b, unsqueeze(b, x, [1]), [1]) },
  {
    name: 'Transpose',
    build: (b, x, shape) =>
      transpose(
        b,
        x,
        shape.map((_, axis) => (axis + 1) % shape.length),
      ),
  },
  { name: 'Expand', build: (b, x, shape) => expand(b, unsqueeze(b, x, [1]), [2, shape[0]!, 3, ...shape.slice(1)]) },
  {
    name: 'Tile',
    build: (b, x, shape) =>
      tile(
        b,
        x,
        shape.map((_, axis) => 1 + (axis % 3)),
      ),
  },
  { name: 'Identity', build: identity },
  { name: 'Dropout', build: (b, x) => b.apply('Dropout', [x, b.scalar(0.5)], { outputs: 2 }) },
  {
    name: 'Dropout told not to train',
    build: (b, x) => b.op('Dropout', [x, b.scalar(0.5), b.constant(tensorOf('bool', [], [0]))]),
  },
];

describe.each(differentiable)('$name', ({ build }) => {
  it('has the derivative of central differences', () => {
    fc.assert(
      fc.property(shapes(1), seeds, (shape, seed) => {
        checkGradient({ inputs: [uniformTensor(shape, seed)], build: (b, [x]) => build(b, x!, shape), seed });
      }),
      { numRuns: 15 },
    );
  });
});

describe('shape computations of exported files', () => {
  it('fold away: Shape, Gather, Concat, Reshape', () => {
    const [y] = run([counted([2, 3, 4])], (b, [x]) => {
      const batch = b.op('Gather', [b.op('Shape', [x]), b.scalar(0, 'int64')], { axis: int(0) });
      const target = concat(b, [unsqueeze(b, batch, [0]), b.constant(int64Of([-1]))], 0);
      const flat = b.op('Reshape', [x, target]);
      expect(b.applications.map(({ node }) => node.op)).toEqual(['Reshape']);
      return flat;
    });
    expect(y!.dims).toEqual([2, 12]);
  });
});
