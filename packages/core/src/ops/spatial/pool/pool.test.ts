import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../../../gradient/differentiate.ts';
import { attributes, int, ints, string } from '../../../graph/attributes.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { interpret } from '../../../graph/interpret.ts';
import type { Value } from '../../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../../tensor.ts';
import { checkGradient } from '../../../testing/checkGradient.ts';
import { distinctTensor, uniformTensor } from '../../../testing/values.ts';
import { reduceSum } from '../../reduction/reduceSum.ts';
import { type AveragePoolOptions, averagePool } from './averagePoolNode.ts';
import { globalAveragePool, globalLpPool, globalMaxPool } from './globalPool.ts';
import { lpPool } from './lpPool.ts';
import { maxPool } from './maxPool.ts';
import type { PoolOptions } from './pooling.ts';

const axis = fc
  .record({
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    begin: fc.integer({ min: 0, max: 2 }),
    end: fc.integer({ min: 0, max: 2 }),
    size: fc.integer({ min: 1, max: 7 }),
  })
  // Padding must be smaller than the window, so that no window lies in the padding alone.
  .filter((a) => a.begin < a.kernel && a.end < a.kernel && (a.dilation === 1 || a.size >= a.kernel * a.dilation))
  .filter((a) => a.size + a.begin + a.end > (a.kernel - 1) * a.dilation);
const axes = fc.array(axis, { minLength: 1, maxLength: 3 });

/** Side by side, without padding, with cells left over. */
const tiles = fc.array(
  fc
    .record({ kernel: fc.integer({ min: 1, max: 3 }), places: fc.integer({ min: 1, max: 3 }), rest: fc.nat(2) })
    .map(({ kernel, places, rest }) => ({
      kernel,
      stride: kernel,
      dilation: 1,
      begin: 0,
      end: 0,
      size: kernel * places + Math.min(rest, kernel - 1),
    })),
  { minLength: 1, maxLength: 3 },
);

type Axis = typeof axis extends fc.Arbitrary<infer T> ? T : never;

function optionsOf(list: readonly Axis[], ceil: boolean): PoolOptions {
  return {
    kernel: list.map((a) => a.kernel),
    strides: list.map((a) => a.stride),
    dilations: list.map((a) => a.dilation),
    pads: [...list.map((a) => a.begin), ...list.map((a) => a.end)],
    ceil,
  };
}

const runs = { numRuns: 40 };
const valuesOf = (b: GraphBuilder, value: Value) => Array.from(numbersOf(b.constantOf(value)!));

describe('maxPool', () => {
  it('has the derivative of its definition', () => {
    fc.assert(
      fc.property(fc.oneof(axes, tiles), fc.boolean(), (list, ceil) => {
        checkGradient({
          inputs: [distinctTensor([2, 2, ...list.map((a) => a.size)])],
          build: (b, [x]) => maxPool(b, x!, optionsOf(list, ceil)),
        });
      }),
      runs,
    );
  });

  it.each([
    ['side by side', { kernel: [2], strides: [2] }],
    ['overlapping', { kernel: [2], strides: [1], pads: [1, 1] }],
  ])('shares the adjoint between equal cells, windows %s', (_, options) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 1, 4]);
    const y = maxPool(b, x, options);
    const { operator, node } = b.applications.at(-1)!;
    const context = { node, builder: b, inputs: [x], outputs: [y], wanted: [true], constant: () => undefined };
    const ones = b.constant(tensorOf('float32', y.shape, new Array(y.shape[2]!).fill(1)));
    // Written on a constant input, the derivative folds to numbers.
    const zeros = b.constant(tensorOf('float32', [1, 1, 4], [0, 0, 0, 0]));
    const flat = b.constant(tensorOf('float32', y.shape, new Array(y.shape[2]!).fill(0)));
    const [dx] = operator.gradient!({ ...context, inputs: [zeros], outputs: [flat] }, [ones]);
    const shares = valuesOf(b, dx!);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(y.shape[2]);
    expect(shares.every((share) => share > 0)).toBe(true);
  });

  it('gives the places of the maxima, the first at a tie', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [1, 2, 5], [1, 2, 3, 2, 1, 1, 2, 3, 3, 1]));
    const [y, indices] = b.apply('MaxPool', [x], {
      attributes: { kernel_shape: ints([2]), strides: ints([2]), ceil_mode: int(1) },
      outputs: 2,
    });
    expect(valuesOf(b, y!)).toEqual([2, 3, 1, 2, 3, 1]);
    expect(valuesOf(b, indices!)).toEqual([1, 2, 4, 6, 7, 9]);
  });

  it('never takes the padding', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [1, 1, 3], [-5, -4, -6]));
    expect(valuesOf(b, maxPool(b, x, { kernel: [2], pads: [1, 1] }))).toEqual([-5, -4, -4, -6]);
  });
});

describe('maxPool beside −∞', () => {
  it.each([1, 2])('gives the adjoint to what is largest, with strides of %i', (stride) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 1, 4]);
    const y = b.op('MaxPool', [x], attributes({ kernel_shape: ints([2]), strides: ints([stride]) }));
    const [dx] = differentiate(b, reduceSum(b, y), [x]);
    b.output(dx!, 'dx');
    const values = tensorOf('float32', [1, 1, 4], [Number.NEGATIVE_INFINITY, 3, 2, Number.NEGATIVE_INFINITY]);
    const { data } = interpret(b.build(), { x: values }).dx!;
    expect([...(data as Float32Array)]).toEqual(stride === 1 ? [0, 2, 1, 0] : [0, 1, 1, 0]);
  });
});

describe('averagePool', () => {
  it('has the derivative of its definition', () => {
    fc.assert(
      fc.property(fc.oneof(axes, tiles), fc.boolean(), fc.boolean(), (list, ceil, countPadding) => {
        checkGradient({
          inputs: [uniformTensor([2, 2, ...list.map((a) => a.size)])],
          build: (b, [x]) => averagePool(b, x!, { ...optionsOf(list, ceil), countPadding }),
        });
      }),
      runs,
    );
  });

  const mean = (options: Omit<AveragePoolOptions, 'kernel'>, count = 6) => {
    const b = new GraphBuilder();
    const cells = Array.from({ length: count }, (_, i) => i + 1);
    const x = b.constant(tensorOf('float32', [1, 1, count], cells));
    return valuesOf(b, averagePool(b, x, { kernel: [3], strides: [2], ...options }));
  };

  // Values of onnxruntime 1.30.
  it('leaves the padding out of the mean', () => {
    expect(mean({ pads: [1, 1], ceil: true })).toEqual([1.5, 3, 5, 6]);
  });

  it('counts the padding, but not what lies behind it', () => {
    expect(mean({ pads: [1, 1], ceil: true, countPadding: true })).toEqual([1, 3, 5, 3]);
    expect(mean({ pads: [1, 1], ceil: true, countPadding: true, dilations: [2] }, 8)).toEqual([2, 4, 6, 7]);
  });

  it('resolves auto_pad', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [1, 1, 3], [1, 2, 4]));
    const pooled = (how: string) =>
      valuesOf(b, b.op('AveragePool', [x], { kernel_shape: ints([2]), auto_pad: string(how) }));
    expect(pooled('SAME_UPPER')).toEqual([1.5, 3, 4]);
    expect(pooled('SAME_LOWER')).toEqual([1, 1.5, 3]);
    expect(pooled('VALID')).toEqual([1.5, 3]);
    expect(() => pooled('SAME')).toThrow('auto_pad "SAME" is unknown');
  });

  it('refuses a window that does not fit in', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 1, 2]);
    expect(() => averagePool(b, x, { kernel: [4], pads: [0, 1] })).toThrow('a window of 4 does not fit into [2]');
    expect(() => averagePool(b, x, { kernel: [2, 2] })).toThrow('kernel_shape is [2,2]; it needs 1 values');
  });
});

describe('lpPool', () => {
  it('has the derivative of its definition', () => {
    fc.assert(
      fc.property(axes, fc.integer({ min: 1, max: 3 }), (list, p) => {
        checkGradient({
          inputs: [distinctTensor([1, 2, ...list.map((a) => a.size)], 1, 0.1)],
          build: (b, [x]) => lpPool(b, x!, { ...optionsOf(list, false), p }),
        });
      }),
      runs,
    );
  });
});

describe('pooling with automatic padding', () => {
  const cases = fc.array(
    fc.record({
      kernel: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 1, max: 7 }),
    }),
    { minLength: 1, maxLength: 2 },
  );

  it.each([
    ['MaxPool', {}],
    ['AveragePool', {}],
    ['AveragePool', { count_include_pad: int(1) }],
    ['LpPool', { p: int(2) }],
  ] as const)('%s %o has the derivative of its definition', (op, own) => {
    fc.assert(
      fc.property(cases, fc.constantFrom('SAME_UPPER', 'SAME_LOWER', 'VALID'), (list, how) => {
        fc.pre(how !== 'VALID' || list.every((a) => a.size >= a.kernel));
        checkGradient({
          inputs: [distinctTensor([2, 2, ...list.map((a) => a.size)], 1, 0.1)],
          build: (b, inputs) => {
            const y = b.op(op, inputs, {
              ...own,
              auto_pad: string(how),
              kernel_shape: ints(list.map((a) => a.kernel)),
              strides: ints(list.map((a) => a.stride)),
            });
            const starts = list.map((a) => (how === 'VALID' ? a.size - a.kernel + 1 : a.size));
            expect(y.shape.slice(2)).toEqual(starts.map((count, i) => Math.ceil(count / list[i]!.stride)));
            return y;
          },
        });
      }),
      runs,
    );
  });
});

describe('global pools', () => {
  const pools: Record<string, (b: GraphBuilder, x: Value) => Value> = {
    average: globalAveragePool,
    max: globalMaxPool,
    l1: (b, x) => globalLpPool(b, x, 1),
    l2: (b, x) => globalLpPool(b, x, 2),
    l3: (b, x) => globalLpPool(b, x, 3),
  };

  it('have the derivatives of their definition', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.constantFrom(...Object.keys(pools)), (shape, name) => {
        checkGradient({ inputs: [distinctTensor(shape)], build: (b, [x]) => pools[name]!(b, x!) });
      }),
      runs,
    );
  });

  it('compute what they say', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [1, 2, 2], [3, -4, 1, 3]));
    expect(valuesOf(b, globalAveragePool(b, x))).toEqual([-0.5, 2]);
    expect(valuesOf(b, globalMaxPool(b, x))).toEqual([3, 3]);
    expect(valuesOf(b, globalLpPool(b, x))[0]).toBe(5);
  });
});
