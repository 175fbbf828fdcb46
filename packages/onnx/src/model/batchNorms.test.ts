import { int64Of } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { batchNorm, batchNormParameters, codeOf, floats, graph, node, normal } from '../fixture.ts';
import { findBatchNorms } from './batchNorms.ts';

describe('findBatchNorms', () => {
  it('names the tensor that feeds each, whatever produces it', () => {
    const initializers: Record<string, Tensor> = {
      w: normal([4, 3, 1, 1]),
      fc: normal([256, 6]),
      ...batchNormParameters('afterInput', 3),
      ...batchNormParameters('afterConv', 4),
      ...batchNormParameters('afterConcat', 8),
      ...batchNormParameters('afterAdd', 8),
      ...batchNormParameters('afterGemm', 6),
    };
    const nodes = [
      batchNorm('afterInput', 'x', 'a'),
      node('Conv', ['a', 'w'], ['c']),
      batchNorm('afterConv', 'c', 'd'),
      node('Concat', ['c', 'd'], ['e'], { axis: 1 }),
      batchNorm('afterConcat', 'e', 'f', { epsilon: 0.001 }),
      node('Add', ['e', 'f'], ['g']),
      batchNorm('afterAdd', 'g', 'h'),
      node('MaxPool', ['h'], ['p'], { kernel_shape: [8, 8] }),
      node('Flatten', ['p'], ['q']),
      node('Gemm', ['q', 'fc'], ['r']),
      batchNorm('afterGemm', 'r', 'y'),
    ];
    const sites = findBatchNorms(graph({ nodes, initializers }));
    expect(sites.map(({ node: name, tensor, channels }) => [name, tensor, channels])).toEqual([
      ['afterInput', 'x', 3],
      ['afterConv', 'c', 4],
      ['afterConcat', 'e', 8],
      ['afterAdd', 'g', 8],
      ['afterGemm', 'r', 6],
    ]);
    expect(sites[2]).toMatchObject({
      epsilon: expect.closeTo(0.001, 8),
      mean: initializers['afterConcat.mean']?.data,
      variance: initializers['afterConcat.variance']?.data,
      scale: initializers['afterConcat.scale']?.data,
      shift: initializers['afterConcat.shift']?.data,
    });
    expect(sites[0]?.epsilon).toBe(1e-5);
  });

  it('computes parameters that are constant expressions', () => {
    const initializers = {
      ...batchNormParameters('bn', 3),
      matrix: floats([1, 3], [1, 2, 3]),
      three: int64Of([3]),
      half: { dtype: 'float16' as const, dims: [3], data: Uint16Array.of(0x3c00, 0x4000, 0x4200) },
    };
    const nodes = [
      node('Reshape', ['matrix', 'three'], ['reshaped']),
      node('Identity', ['reshaped'], ['mean']),
      node('Cast', ['half'], ['variance'], { to: 1 }),
      node('BatchNormalization', ['x', 'bn.scale', 'bn.shift', 'mean', 'variance'], ['y']),
    ];
    const [site] = findBatchNorms(graph({ nodes, initializers }));
    expect([site?.mean, site?.variance]).toEqual([Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3)]);
  });

  it('passes over one whose statistics come from the input', () => {
    const nodes = [
      node('ReduceMean', ['x', 'axes'], ['mean'], { keepdims: 0 }),
      node('BatchNormalization', ['x', 'bn.scale', 'bn.shift', 'mean', 'bn.variance'], ['y']),
    ];
    expect(
      findBatchNorms(graph({ nodes, initializers: { axes: int64Of([0, 2, 3]), ...batchNormParameters('bn', 3) } })),
    ).toEqual([]);
  });

  it('refuses a variance that is not above zero, telling which', () => {
    for (const bad of [0, -1]) {
      const initializers = { ...batchNormParameters('bn', 3), 'bn.variance': floats([3], [1, bad, bad]) };
      const work = () => findBatchNorms(graph({ nodes: [batchNorm('bn', 'x', 'y')], initializers }));
      expect(codeOf(work)).toBe('batchnorm-variance');
      expect(work).toThrow(
        `BatchNormalization "bn": 2 of 3 running variances are not above zero; channel 1 has ${bad}`,
      );
    }
  });

  it('refuses parameters of different lengths', () => {
    const initializers = { ...batchNormParameters('bn', 3), 'bn.mean': floats([2], [1, 2]) };
    expect(codeOf(() => findBatchNorms(graph({ nodes: [batchNorm('bn', 'x', 'y')], initializers })))).toBe(
      'model-invalid',
    );
  });
});
