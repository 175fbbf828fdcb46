import {
  batchNormalization,
  conv,
  GraphBuilder,
  gemm,
  globalAveragePool,
  type OperatorSet,
  Random,
  reshape,
  tensorOf,
  type Value,
} from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import { quickGelu } from './quickGelu.ts';

/** A file with three layers of convolution, BatchNormalization and QuickGelu, and a classifier. */
export function network(operators: OperatorSet): Uint8Array {
  const random = new Random(3);
  const b = new GraphBuilder({ name: 'network', operators });
  const normal = (shape: readonly number[], deviation: number): Value => {
    const count = shape.reduce((product, size) => product * size, 1);
    return b.constant(tensorOf('float32', shape, random.normals(count, 0, deviation)));
  };
  const unit = (x: Value, width: number, stride: number): Value => {
    const channels = x.shape[1]!;
    const weights = normal([width, channels, 3, 3], Math.sqrt(2 / (9 * channels)));
    const y = conv(b, x, weights, undefined, { strides: [stride, stride], pads: [1, 1, 1, 1] });
    const vector = (low: number, high: number) =>
      b.constant(tensorOf('float32', [width], random.uniforms(width, low, high)));
    const parameters = {
      scale: vector(0.7, 1.3),
      shift: vector(-0.3, 0.3),
      mean: vector(-0.3, 0.3),
      variance: vector(0.5, 1.5),
    };
    return quickGelu(b, batchNormalization(b, y, parameters), 1.5);
  };
  const image = b.input('input', 'float32', [1, 3, 12, 12]);
  const features = globalAveragePool(b, unit(unit(unit(image, 8, 1), 12, 2), 12, 1));
  b.output(gemm(b, reshape(b, features, [1, 12]), normal([12, 4], 0.3)), 'logits');
  return encodeModel(b.build());
}
