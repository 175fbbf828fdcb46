import type { Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../index.ts';
import { elementCount, int64Of, numbersOf, tensorOf } from '../../tensor.ts';
import { checkGradient } from '../../testing/checkGradient.ts';
import { run } from '../../testing/run.ts';
import { seeds, shapesWithAxis } from '../../testing/shapes.ts';
import { uniformTensor } from '../../testing/values.ts';
import { concat } from './concat.ts';
import { gather } from './gather.ts';
import { gatherElements } from './gatherElements.ts';
import { gatherND } from './gatherND.ts';
import { oneHot } from './oneHot.ts';
import { scatterElements } from './scatterElements.ts';
import { scatterND } from './scatterND.ts';
import { slice } from './slice.ts';
import { squeeze } from './squeeze.ts';

const { int } = attribute;
const data = (tensor: Tensor) => Array.from(numbersOf(tensor));

/** Random whole numbers from −size to size − 1: indices from the front and from the back. */
const indicesOf = (dims: readonly number[], size: number, seed: number) =>
  tensorOf('int64', dims, uniformTensor(dims, seed, -size, size - 0.01).data.map(Math.floor));

describe('Gather', () => {
  const cases = fc.record({
    place: shapesWithAxis(3),
    dims: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    seed: seeds,
  });

  it('takes one slice for each index', () => {
    fc.assert(
      fc.property(cases, ({ place: { shape, axis }, dims, seed }) => {
        const size = shape.at(axis)!;
        const indices = indicesOf([elementCount(dims)], size, seed);
        const [together, apart] = run([uniformTensor(shape, seed)], (b, [x]) => [
          gather(b, x!, b.constant(indices), axis),
          concat(
            b,
            data(indices).map((i) => slice(b, x!, { starts: [i], ends: [i === -1 ? size : i + 1], axes: [axis] })),
            axis,
          ),
        ]);
        expect(together).toEqual(apart);
        const [shaped] = run([uniformTensor(shape, seed)], (b, [x]) =>
          gather(b, x!, b.constant(tensorOf('int64', dims, numbersOf(indices))), axis),
        );
        const at = axis < 0 ? axis + shape.length : axis;
        expect(shaped!.dims).toEqual([...shape.slice(0, at), ...dims, ...shape.slice(at + 1)]);
        expect(shaped!.data).toEqual(together!.data);
      }),
      { numRuns: 50 },
    );
    const [one] = run([uniformTensor([2, 3])], (b, [x]) => gather(b, x!, b.scalar(-1, 'int64'), 1));
    const [last] = run([uniformTensor([2, 3])], (b, [x]) =>
      squeeze(b, slice(b, x!, { starts: [2], ends: [3], axes: [1] }), [1]),
    );
    expect(one).toEqual(last);
  });

  it('has the derivative of central differences, for few and many runs of constant indices and for indices fed', () => {
    fc.assert(
      fc.property(
        cases,
        fc.boolean(),
        fc.constantFrom('int64', 'int32'),
        ({ place: { shape, axis }, dims, seed }, constant, dtype) => {
          const size = shape.at(axis)!;
          // Negative indices only where ONNX has them for the scatter as well: in constants.
          const positive = numbersOf(indicesOf([...dims, 3], size, seed));
          const indices = tensorOf(
            dtype as 'int64',
            [...dims, 3],
            Array.from(positive, (i) => (i < 0 ? i + size : i)),
          );
          checkGradient({
            inputs: [uniformTensor(shape, seed), indices],
            constant: constant ? [1] : [],
            build: (b, [x, picked]) => gather(b, x!, picked!, axis),
            seed,
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses an index out of range', () => {
    expect(() => run([uniformTensor([3])], (b, [x]) => gather(b, x!, b.scalar(3, 'int64')))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  });
});

describe('GatherElements and ScatterElements', () => {
  // A permutation along the axis for every line: scattering by it undoes gathering by it.
  const cases = shapesWithAxis(3).chain(({ shape, axis }) => {
    const at = axis < 0 ? axis + shape.length : axis;
    const size = shape[at]!;
    const inner = elementCount(shape.slice(at + 1));
    const lines = elementCount(shape) / size;
    return fc
      .array(
        fc.shuffledSubarray(
          Array.from({ length: size }, (_, i) => i),
          { minLength: size },
        ),
        {
          minLength: lines,
          maxLength: lines,
        },
      )
      .map((orders) => {
        const values = new Float64Array(elementCount(shape));
        orders.forEach((order, line) => {
          order.forEach((index, i) => {
            values[(Math.floor(line / inner) * size + i) * inner + (line % inner)] = index;
          });
        });
        return { shape, axis, indices: tensorOf('int64', shape, values) };
      });
  });

  it('undo each other for permutations', () => {
    fc.assert(
      fc.property(cases, seeds, ({ shape, axis, indices }, seed) => {
        const x = uniformTensor(shape, seed);
        const [back] = run([x, indices], (b, [value, order]) =>
          scatterElements(
            b,
            b.constant(tensorOf('float32', shape, [])),
            order!,
            gatherElements(b, value!, order!, axis),
            axis,
          ),
        );
        expect(back!.data).toEqual(x.data);
      }),
    );
  });

  it('have the derivatives of central differences', () => {
    fc.assert(
      fc.property(
        cases,
        seeds,
        fc.constantFrom(undefined, 'add' as const),
        ({ shape, axis, indices }, seed, reduction) => {
          const [x, updates] = [uniformTensor(shape, seed), uniformTensor(shape, seed + 1)];
          checkGradient({
            inputs: [x, indices],
            build: (b, [value, picked]) => gatherElements(b, value!, picked!, axis),
            seed,
          });
          checkGradient({
            inputs: [x, indices, updates],
            build: (b, [value, picked, update]) => scatterElements(b, value!, picked!, update!, axis, reduction),
            seed,
          });
        },
      ),
      { numRuns: 20 },
    );
    // Repeated indices: the adjoint is added up.
    const repeated = tensorOf('int64', [1, 3], [2, 2, 0]);
    checkGradient({
      inputs: [uniformTensor([2, 3]), repeated],
      build: (b, [x, picked]) => gatherElements(b, x!, picked!, 1),
    });
  });

  it.each([
    { reduction: 'add', result: [11, 2, 53] },
    { reduction: 'mul', result: [10, 2, 1800] },
    { reduction: 'max', result: [10, 2, 30] },
    { reduction: 'min', result: [1, 2, 3] },
  ] as const)('join updates by $reduction', ({ reduction, result }) => {
    const [byElement, byBlock] = run([tensorOf('float32', [3], [1, 2, 3])], (b, [x]) => [
      scatterElements(b, x!, b.int64([0, 2, -1]), b.constant(tensorOf('float32', [3], [10, 20, 30])), 0, reduction),
      scatterND(
        b,
        x!,
        b.constant(tensorOf('int64', [3, 1], [0, 2, -1])),
        b.constant(tensorOf('float32', [3], [10, 20, 30])),
        reduction,
      ),
    ]);
    expect(data(byElement!)).toEqual(result);
    expect(data(byBlock!)).toEqual(result);
  });

  it('have no derivative for products and extremes', () => {
    const inputs = [uniformTensor([3]), tensorOf('int64', [1], [1]), uniformTensor([1])];
    expect(() => checkGradient({ inputs, build: (b, [x, i, u]) => scatterElements(b, x!, i!, u!, 0, 'mul') })).toThrow(
      expect.objectContaining({ code: 'operator-no-gradient' }),
    );
  });

  it('refuse updates that do not fit', () => {
    const inputs = [uniformTensor([3]), tensorOf('int64', [2], [0, 1]), uniformTensor([3])];
    expect(() => run(inputs, (b, [x, i, u]) => scatterElements(b, x!, i!, u!, 0))).toThrow(/do not fit/);
    expect(() =>
      run([inputs[0]!, tensorOf('int64', [2, 1], [0, 1]), inputs[2]!], (b, [x, i, u]) => scatterND(b, x!, i!, u!)),
    ).toThrow(/should be of shape \[2\]/);
  });
});

describe('GatherND and ScatterND', () => {
  it('take and replace blocks', () => {
    const x = tensorOf(
      'float32',
      [2, 3, 2],
      Array.from({ length: 12 }, (_, i) => i),
    );
    const pairs = tensorOf('int64', [2, 2], [1, 0, 0, -1]);
    const [blocks, elements, replaced] = run([x, pairs], (b, [value, picked]) => [
      gatherND(b, value!, picked!),
      gatherND(b, value!, b.constant(tensorOf('int64', [1, 3], [1, 2, 1]))),
      scatterND(b, value!, picked!, b.constant(tensorOf('float32', [2, 2], [-1, -2, -3, -4]))),
    ]);
    expect(data(blocks!)).toEqual([6, 7, 4, 5]);
    expect(data(elements!)).toEqual([11]);
    expect(data(replaced!)).toEqual([0, 1, 2, 3, -3, -4, -1, -2, 8, 9, 10, 11]);
  });

  it('go through batches', () => {
    const x = tensorOf('float32', [2, 3], [0, 1, 2, 3, 4, 5]);
    const picked = tensorOf('int64', [2, 1], [2, 0]);
    const batched = { batch_dims: int(1) };
    const [y] = run([x, picked], (b, [value, indices]) => b.op('GatherND', [value, indices], batched));
    expect(data(y!)).toEqual([2, 3]);
    expect(() =>
      checkGradient({
        inputs: [x, picked],
        build: (b, [value, indices]) => b.op('GatherND', [value, indices], batched),
      }),
    ).toThrow(expect.objectContaining({ code: 'operator-no-gradient' }));
  });

  it('have the derivatives of central differences', () => {
    const cases = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      depth: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(cases, seeds, fc.constantFrom(undefined, 'add' as const), ({ shape, depth }, seed, reduction) => {
        const used = Math.min(depth, shape.length);
        // Index vectors that are all different: the cells of the leading axes, in order.
        const cells = shape
          .slice(0, used)
          .reduce<number[][]>(
            (all, size) => all.flatMap((cell) => Array.from({ length: size }, (_, i) => [...cell, i])),
            [[]],
          );
        const some = cells.filter((_, i) => i % 2 === 0);
        const indices = tensorOf('int64', [some.length, used], some.flat());
        const x = uniformTensor(shape, seed);
        const updates = uniformTensor([some.length, ...shape.slice(used)], seed + 1);
        checkGradient({ inputs: [x, indices], build: (b, [value, picked]) => gatherND(b, value!, picked!), seed });
        checkGradient({
          inputs: [x, indices, updates],
          build: (b, [value, picked, update]) => scatterND(b, value!, picked!, update!, reduction),
          seed,
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('OneHot', () => {
  it('has a one at the index, and nowhere when it is out of range', () => {
    const [last, first] = run([tensorOf('int64', [3], [1, -1, 5])], (b, [x]) => [
      oneHot(b, x!, 3),
      oneHot(b, x!, 3, 0),
    ]);
    expect(last!.dims).toEqual([3, 3]);
    expect(data(last!)).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 0]);
    expect(data(first!)).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
  });
});

describe('ReverseSequence', () => {
  const attributes = { batch_axis: int(1), time_axis: int(0) };

  it('reverses the beginning of each sequence', () => {
    const x = tensorOf('float32', [3, 2], [0, 1, 2, 3, 4, 5]);
    const [y, twice] = run([x, int64Of([2, 3])], (b, [value, lengths]) => {
      const once = b.op('ReverseSequence', [value, lengths], attributes);
      return [once, b.op('ReverseSequence', [once, lengths], attributes)];
    });
    expect(data(y!)).toEqual([2, 5, 0, 3, 4, 1]);
    expect(twice).toEqual(x);
  });

  it('has the derivative of central differences, and refuses lengths beyond the end', () => {
    const reversed = (lengths: number[]) =>
      checkGradient({
        inputs: [uniformTensor([3, 2, 2]), int64Of(lengths)],
        build: (b, [x, n]) => b.op('ReverseSequence', [x, n], attributes),
      });
    reversed([1, 3]);
    expect(() => reversed([1, 4])).toThrow(/longer than/);
  });
});

describe('Trilu', () => {
  it.each([-1, 0, 1])('cuts a matrix in two above diagonal %d', (k) => {
    const x = uniformTensor([2, 3, 4]);
    const [upper, lower] = run([x], (b, [value]) => [
      b.op('Trilu', [value, b.scalar(k, 'int64')]),
      b.op('Trilu', [value, b.scalar(k - 1, 'int64')], { upper: int(0) }),
    ]);
    x.data.forEach((value, i) => {
      const [row, column] = [Math.floor(i / 4) % 3, i % 4];
      expect(numbersOf(upper!)[i]).toBe(column - row >= k ? value : 0);
      expect(numbersOf(lower!)[i]).toBe(column - row >= k ? 0 : value);
    });
    checkGradient({ inputs: [x], build: (b, [value]) => b.op('Trilu', [value, b.scalar(k, 'int64')]) });
  });
});
