import { attribute, bind, float32Of, interpret } from '@datafree/core';
import type { Model, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { Network, noise } from '../testing/network.ts';
import { prepare } from './prepare.ts';

/** The operators of the prepared network; fails when it computes something else. */
function prepared(model: Model): readonly string[] {
  const graph = prepare(model);
  const x = noise([2, ...(model.input.shape.slice(1) as number[])]);
  const [before, after] = [model.graph, graph].map((own) => {
    const outputs = interpret(bind(own, { N: 2 }), { x });
    return float32Of(outputs[model.output.name] as Tensor);
  }) as [Float32Array, Float32Array];
  expect(after.length).toBe(before.length);
  after.forEach((value, i) => {
    expect(value).toBeCloseTo(before[i] as number, 4);
  });
  return graph.nodes.map((node) => node.op);
}

function batchNorm(net: Network, x: string, channels: number, output: string): string {
  const positive = new Float32Array(channels).map((_, i) => 0.5 + 0.3 * i);
  const variance = net.constant(`${output}.variance`, { dtype: 'float32', dims: [channels], data: positive });
  const parameters = ['scale', 'shift', 'mean'].map((name) => net.weights(`${output}.${name}`, [channels]));
  return net.op('BatchNormalization', [x, ...parameters, variance], output);
}

describe('prepare', () => {
  it('folds what follows a convolution and turns what does not into one', () => {
    const net = new Network([3, 6, 6]);
    const first = batchNorm(net, net.conv('x', [3, 4], 'c1'), 4, 'b1');
    const second = net.conv(net.op('Relu', [first], 'r1'), [4, 4], 'c2');
    const sum = net.op('Add', [first, second], 'sum');
    const third = net.op('Relu', [batchNorm(net, sum, 4, 'b2')], 'r2');
    net.op('GlobalAveragePool', [net.conv(third, [4, 4], 'c3')], 'y');
    const ops = prepared(net.model({ y: ['N', 4, 1, 1] }));
    expect(ops).not.toContain('BatchNormalization');
    expect(ops).not.toContain('Mul');
    expect(ops.filter((op) => op === 'Conv').length).toBe(4);
  });

  it('keeps a scale in front of the first layer in float', () => {
    const net = new Network([3, 6, 6]);
    net.conv(batchNorm(net, 'x', 3, 'b'), [3, 4], 'y');
    expect(prepared(net.model({ y: ['N', 4, 6, 6] })).filter((op) => op === 'Conv').length).toBe(1);
  });

  it('writes matrix products with constants as Gemm', () => {
    const net = new Network([12]);
    const first = net.op(
      'Add',
      [net.op('MatMul', ['x', net.weights('w1', [12, 7])], 'm'), net.weights('b1', [7])],
      'a',
    );
    const gemm = net.op(
      'Gemm',
      [net.op('Relu', [first], 'r'), net.weights('w2', [7, 5]), net.weights('b2', [1, 5])],
      'g',
      {
        alpha: 0.5,
        beta: attribute.float(2),
      },
    );
    net.op('MatMul', [gemm, net.weights('w3', [5, 4])], 'y');
    expect(prepared(net.model({ y: ['N', 4] }))).toEqual(['Gemm', 'Relu', 'Gemm', 'Gemm']);
  });

  it('leaves a product of rank 3 alone', () => {
    const net = new Network([4, 6]);
    net.op('Add', [net.op('MatMul', ['x', net.weights('w', [6, 5])], 'm'), net.weights('b', [5])], 'y');
    expect(prepared(net.model({ y: ['N', 4, 5] }))).toEqual(['MatMul', 'Add']);
  });

  it('writes means over all positions as pooling', () => {
    for (const keepdims of [0, 1]) {
      const net = new Network([3, 6, 6]);
      const axes = net.constant('axes', { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 2n) });
      net.op('ReduceMean', [net.conv('x', [3, 4], 'c'), axes], 'y', { keepdims });
      const ops = prepared(net.model({ y: keepdims === 1 ? ['N', 4, 1, 1] : ['N', 4] }));
      expect(ops).toContain('GlobalAveragePool');
      expect(ops).not.toContain('ReduceMean');
    }
  });

  it('puts bounds in front of the pooling that they follow', () => {
    const net = new Network([3, 6, 6]);
    const pooled = net.op('MaxPool', [net.conv('x', [3, 4], 'c')], 'p', { kernel_shape: [2, 2], strides: [2, 2] });
    net.conv(net.op('Relu', [pooled], 'r'), [4, 2], 'y');
    expect(prepared(net.model({ y: ['N', 2, 3, 3] }))).toEqual(['Conv', 'Relu', 'MaxPool', 'Conv']);
  });

  it('writes a last convolution on one position as Gemm', () => {
    const net = new Network([3, 6, 6]);
    const pooled = net.op('GlobalAveragePool', [net.conv('x', [3, 4], 'c')], 'p');
    net.op('Flatten', [net.conv(pooled, [4, 5], 'last', { kernel: 1 })], 'y');
    const ops = prepared(net.model({ y: ['N', 5] }));
    expect(ops.filter((op) => op === 'Conv').length).toBe(1);
    expect(ops).toContain('Gemm');
  });
});
