import { interpret } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchNorm, batchNormParameters, codeOf, floats, graph, node, normal } from '../fixture.ts';
import { foldBatchNorms } from './foldBatchNorms.ts';

const ops = (result: Graph): string[] => result.nodes.map(({ op }) => op);

/** Folds, and checks with the reference interpreter that the outputs stay. */
function folded(original: Graph, shape: readonly number[]): Graph {
  const result = foldBatchNorms(original);
  const x = normal(shape, 11);
  const [before, after] = [interpret(original, { x }, { double: true }), interpret(result, { x }, { double: true })];
  for (const { name } of original.outputs) {
    const [a, b] = [before[name]?.data, after[name]?.data] as [Float64Array, Float64Array];
    expect(b.length).toBe(a.length);
    // What is left is the rounding of the folded weights to single precision.
    const scale = Math.max(...a.map(Math.abs));
    a.forEach((value, i) => {
      expect(Math.abs((b[i] as number) - value)).toBeLessThan(1e-5 * (1 + scale));
    });
  }
  return result;
}

const conv = (attributes: Parameters<typeof node>[3] = {}, inputs = ['x', 'w', 'b']): Node =>
  node('Conv', inputs, ['c'], attributes);

describe('into the layer before', () => {
  it('Conv: groups, depthwise, any rank, with and without bias', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 2 }),
        fc.constantFrom(1, 2, 3),
        fc.boolean(),
        (group, perGroup, outputs, rank, bias) => {
          const window = new Array<number>(rank).fill(2);
          const channels = group * outputs;
          const initializers: Record<string, Tensor> = {
            w: normal([channels, perGroup, ...window], 1),
            b: normal([channels], 2),
            ...batchNormParameters('bn', channels, 3),
          };
          const nodes = [
            conv({ group }, bias ? ['x', 'w', 'b'] : ['x', 'w']),
            batchNorm('bn', 'c', 'y', { epsilon: 0.001 }),
          ];
          const shape = [2, group * perGroup, ...new Array<number>(rank).fill(3)];
          const result = folded(graph({ input: ['N', ...shape.slice(1)], nodes, initializers }), shape);
          expect(ops(result)).toEqual(['Conv']);
          expect([...result.initializers.keys()].sort()).toEqual(bias ? ['b', 'w'] : ['c.bias', 'w']);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('ConvTranspose with groups', () => {
    const initializers = { w: normal([4, 3, 2, 2], 1), ...batchNormParameters('bn', 6, 3) };
    const nodes = [node('ConvTranspose', ['x', 'w'], ['c'], { group: 2, strides: [2, 2] }), batchNorm('bn', 'c', 'y')];
    expect(ops(folded(graph({ input: ['N', 4, 3, 3], nodes, initializers }), [2, 4, 3, 3]))).toEqual(['ConvTranspose']);
  });

  it('Gemm: transposed or not, alpha and beta, every form of bias', () => {
    const half = { type: 'float' as const, value: 0.5 };
    const triple = { type: 'float' as const, value: 3 };
    for (const transB of [0, 1]) {
      for (const dims of [[5], [1, 5], [1], []]) {
        const initializers = {
          w: normal(transB === 1 ? [5, 6] : [6, 5], 1),
          b: normal(dims, 2),
          ...batchNormParameters('bn', 5, 3),
        };
        const nodes = [
          node('Gemm', ['x', 'w', 'b'], ['c'], { transB, alpha: half, beta: triple }),
          batchNorm('bn', 'c', 'y'),
        ];
        expect(ops(folded(graph({ input: ['N', 6], nodes, initializers }), [3, 6]))).toEqual(['Gemm']);
      }
    }
  });

  it('twice in a row', () => {
    const initializers = {
      w: normal([4, 3, 1, 1], 1),
      ...batchNormParameters('first', 4, 3),
      ...batchNormParameters('second', 4, 9),
    };
    const nodes = [conv({}, ['x', 'w']), batchNorm('first', 'c', 'h'), batchNorm('second', 'h', 'y')];
    expect(ops(folded(graph({ nodes, initializers }), [2, 3, 8, 8]))).toEqual(['Conv']);
  });

  it('leaves weights that another layer shares', () => {
    const initializers = { w: normal([3, 3, 1, 1], 1), ...batchNormParameters('bn', 3, 3) };
    const nodes = [conv({}, ['x', 'w']), batchNorm('bn', 'c', 'h'), node('Conv', ['h', 'w'], ['y'])];
    const result = folded(graph({ nodes, initializers }), [2, 3, 8, 8]);
    expect(ops(result)).toEqual(['Conv', 'Conv']);
    expect(result.initializers.get('w')).toBe(initializers.w);
  });

  it('not when something else reads its output', () => {
    const initializers = { w: normal([3, 3, 1, 1], 1), ...batchNormParameters('bn', 3, 3) };
    const nodes = [conv({}, ['x', 'w']), batchNorm('bn', 'c', 'h'), node('Add', ['h', 'c'], ['y'])];
    expect(ops(folded(graph({ nodes, initializers }), [2, 3, 8, 8]))).toEqual(['Conv', 'Mul', 'Add', 'Add']);
    const both = graph({ nodes: [conv({}, ['x', 'w']), batchNorm('bn', 'c', 'y')], initializers });
    const outputs = [...both.outputs, { name: 'c', dtype: 'float32' as const, shape: ['...'] }];
    expect(ops(folded({ ...both, outputs }, [2, 3, 8, 8]))).toEqual(['Conv', 'Mul', 'Add']);
  });
});

describe('into the Conv after', () => {
  const initializers = { w: normal([4, 2, 2, 2], 1), b: normal([4], 2), ...batchNormParameters('bn', 4, 3) };
  const nodes = (attributes: Parameters<typeof node>[3], inputs = ['h', 'w', 'b']) => [
    batchNorm('bn', 'x', 'h'),
    node('Conv', inputs, ['y'], { group: 2, ...attributes }),
  ];

  it('when it does not pad', () => {
    for (const inputs of [
      ['h', 'w', 'b'],
      ['h', 'w'],
    ]) {
      expect(
        ops(
          folded(
            graph({ input: ['N', 4, 5, 5], nodes: nodes({ pads: [0, 0, 0, 0] }, inputs), initializers }),
            [2, 4, 5, 5],
          ),
        ),
      ).toEqual(['Conv']);
    }
  });

  it('not when it pads', () => {
    for (const attributes of [{ pads: [1, 0, 0, 0] }, { auto_pad: 'SAME_UPPER' }]) {
      expect(
        ops(folded(graph({ input: ['N', 4, 5, 5], nodes: nodes(attributes), initializers }), [2, 4, 5, 5])),
      ).toEqual(['Mul', 'Add', 'Conv']);
    }
  });
});

describe('elsewhere', () => {
  it('becomes Mul and Add, at any rank', () => {
    for (const shape of [
      [2, 3],
      [2, 3, 5],
      [2, 3, 4, 4],
    ]) {
      const nodes = [node('Relu', ['x'], ['h']), batchNorm('bn', 'h', 'y')];
      const result = folded(
        graph({ input: ['N', ...shape.slice(1)], nodes, initializers: batchNormParameters('bn', 3) }),
        shape,
      );
      expect(ops(result)).toEqual(['Relu', 'Mul', 'Add']);
    }
  });

  it('keeps one whose parameters are computed from the input', () => {
    const nodes = [
      node('ReduceMean', ['x', 'axes'], ['mean'], { keepdims: 0 }),
      node('BatchNormalization', ['x', 'bn.scale', 'bn.shift', 'mean', 'bn.variance'], ['y']),
    ];
    const initializers = {
      axes: { dtype: 'int64' as const, dims: [3], data: BigInt64Array.of(0n, 2n, 3n) },
      ...batchNormParameters('bn', 3),
    };
    expect(ops(folded(graph({ nodes, initializers }), [2, 3, 8, 8]))).toEqual(['ReduceMean', 'BatchNormalization']);
  });

  it('asks for shapes only where it needs them', () => {
    const own = { ...node('Own', ['x'], ['h']), domain: 'my.domain' };
    const initializers = { w: normal([3, 3, 1, 1], 1), ...batchNormParameters('bn', 3) };
    const needed = graph({ nodes: [own, batchNorm('bn', 'h', 'y')], initializers });
    expect(codeOf(() => foldBatchNorms(needed))).toBe('operator-unknown');
    const not = graph({ nodes: [own, node('Conv', ['h', 'w'], ['c']), batchNorm('bn', 'c', 'y')], initializers });
    expect(ops(foldBatchNorms(not))).toEqual(['Own', 'Conv']);
  });

  it('works in double precision', () => {
    // 1 / sqrt(variance + epsilon) differs from 1 by less than single precision can hold.
    const initializers = {
      w: floats([1, 1, 1, 1], [1]),
      'bn.scale': floats([1], [1]),
      'bn.shift': floats([1], [0]),
      'bn.mean': floats([1], [2 ** 24]),
      'bn.variance': floats([1], [1]),
    };
    const nodes = [
      node('Conv', ['x', 'w'], ['c']),
      batchNorm('bn', 'c', 'y', { epsilon: { type: 'float', value: 1e-8 } }),
    ];
    const result = foldBatchNorms(graph({ input: ['N', 1, 1, 1], nodes, initializers }));
    const bias = result.initializers.get(result.nodes[0]?.inputs[2] ?? '')?.data as Float32Array;
    expect(bias[0]).toBe(Math.fround(-(2 ** 24) / Math.sqrt(1 + 1e-8)));
  });
});
