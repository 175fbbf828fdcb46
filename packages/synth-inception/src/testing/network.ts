import {
  batchNormalization,
  conv,
  GraphBuilder,
  matMul,
  Random,
  reduceMean,
  relu,
  tensorOf,
  type Value,
} from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import type { Model } from '@datafree/plugin';

/** Two convolutions with BatchNormalization and four classes, on 3 × 12 × 12 pixels; weights are random, logits as large as `certainty`. */
export function network(options: { readonly batchNorm?: boolean; readonly certainty?: number } = {}): Model {
  const { certainty = 1 } = options;
  const random = new Random(4);
  const b = new GraphBuilder({ name: 'small' });
  const tensor = (dims: readonly number[], values: Float32Array) => b.constant(tensorOf('float32', dims, values));
  let x: Value = b.input('input', 'float32', [1, 3, 12, 12]);
  for (const [from, to] of [
    [3, 8],
    [8, 12],
  ] as const) {
    const weights = random.normals(to * from * 9, 0, (from * 9) ** -0.5);
    x = conv(b, x, tensor([to, from, 3, 3], weights), undefined, { pads: [1, 1, 1, 1] });
    const vector = (values: Float32Array) => tensor([to], values);
    if (options.batchNorm !== false) {
      x = batchNormalization(b, x, {
        scale: vector(random.uniforms(to, 0.5, 1.5)),
        shift: vector(random.normals(to, 0, 0.3)),
        mean: vector(random.normals(to, 0, 0.3)),
        variance: vector(random.uniforms(to, 0.3, 1.5)),
      });
    }
    x = relu(b, x);
  }
  b.output(matMul(b, reduceMean(b, x, [2, 3]), tensor([12, 4], random.normals(48, 0, certainty))), 'logits');
  const grid = { scale: [4 / 255], offset: [-2], low: 0, high: 255, whole: true };
  return prepareModel(b.build(), { grid, requireBatchNorm: options.batchNorm !== false, hash: 'small' });
}
