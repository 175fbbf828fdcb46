import { attribute } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { has, type Kernel, type Kernels } from './kernel.ts';

const { floatOf, intOf } = attribute;

/** A matrix product; vectors become matrices first. */
const matMul: Kernel = ({ tf, types, input, outputs }) => {
  const left = types[0]!.shape.length === 1 ? tf.expandDims(input(0), 0) : input(0);
  const right = types[1]!.shape.length === 1 ? tf.expandDims(input(1), 1) : input(1);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  // Spread beforehand: when both sides are broadcast, tfjs's kernel for the cpu pairs the wrong matrices.
  const spread = (x: Tensor) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return tf.reshape(tf.matMul(spread(left), spread(right)), [...outputs[0]!.shape]);
};

/** `alpha · A · B + beta · C`. */
const gemm: Kernel = (context) => {
  const { tf, node, input } = context;
  const scaled = (x: Tensor, factor: number) => (factor === 1 ? x : tf.mul(x, factor));
  const product = tf.matMul(input(0), input(1), intOf(node, 'transA', 0) === 1, intOf(node, 'transB', 0) === 1);
  const scaledProduct = scaled(product, floatOf(node, 'alpha', 1));
  return has(context, 2) ? tf.add(scaledProduct, scaled(input(2), floatOf(node, 'beta', 1))) : scaledProduct;
};

/** Matrix products. */
export const linearKernels: Kernels = { MatMul: matMul, Gemm: gemm };
