// The ResNet-8 of MLPerf Tiny: three stages of 16, 32 and 64 channels with one basic block each.
import { attribute, GraphBuilder, Random, tensorOf } from '@datafree/core';

/**
 * A new ResNet-8 with random weights (He's initialisation) and BatchNormalization in inference mode.
 *
 * @param {number} seed
 * @param {readonly [number, number, number]} [widths] channels of the stages
 * @returns {import('@datafree/plugin').Graph} input `input` [N, 3, 32, 32], output `logits` [N, 10]
 */
export function resnet8(seed, widths = [16, 32, 64]) {
  const [first, second, third] = widths;
  const random = new Random(seed).fork('weights');
  const b = new GraphBuilder({ name: 'resnet8' });
  const batch = 1;
  const weight = (name, shape) => {
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    const count = shape[0] * fanIn;
    return b.constant(tensorOf('float32', shape, random.normals(count, 0, Math.sqrt(2 / fanIn))), name);
  };
  const vector = (name, size, value) =>
    b.constant(tensorOf('float32', [size], new Float32Array(size).fill(value)), name);

  const conv = (x, name, channels, size, stride, bias) => {
    const w = weight(`${name}.weight`, [channels, x.shape[1], size, size]);
    const before = Math.floor((size - 1) / 2);
    const attributes = {
      kernel_shape: attribute.ints([size, size]),
      strides: attribute.ints([stride, stride]),
      pads: attribute.ints([before, before, before, before]),
    };
    return b.apply('Conv', bias ? [x, w, vector(`${name}.bias`, channels, 0)] : [x, w], { attributes, name })[0];
  };
  const norm = (x, name) => {
    const channels = x.shape[1];
    const parameters = [
      vector(`${name}.scale`, channels, 1),
      vector(`${name}.shift`, channels, 0),
      vector(`${name}.mean`, channels, 0),
      vector(`${name}.variance`, channels, 1),
    ];
    return b.apply('BatchNormalization', [x, ...parameters], { name })[0];
  };
  const relu = (x, name) => b.apply('Relu', [x], { name })[0];

  const stage = (x, name, channels, stride) => {
    const inner = relu(norm(conv(x, `${name}.conv1`, channels, 3, stride), `${name}.norm1`), `${name}.relu1`);
    const outer = norm(conv(inner, `${name}.conv2`, channels, 3, 1), `${name}.norm2`);
    const same = stride === 1 && x.shape[1] === channels;
    const shortcut = same ? x : conv(x, `${name}.shortcut`, channels, 1, stride, true);
    return relu(b.apply('Add', [outer, shortcut], { name: `${name}.add` })[0], `${name}.relu2`);
  };

  const input = b.input('input', 'float32', [batch, 3, 32, 32]);
  let x = relu(norm(conv(input, 'stem.conv', first, 3, 1), 'stem.norm'), 'stem.relu');
  x = stage(x, 'stage1', first, 1);
  x = stage(x, 'stage2', second, 2);
  x = stage(x, 'stage3', third, 2);
  x = b.apply('GlobalAveragePool', [x], { name: 'pool' })[0];
  x = b.apply('Flatten', [x], { name: 'flatten' })[0];
  const dense = weight('dense.weight', [10, third]);
  const logits = b.apply('Gemm', [x, dense, vector('dense.bias', 10, 0)], {
    attributes: { transB: attribute.int(1) },
    name: 'dense',
  })[0];
  b.output(logits, 'logits');
  const graph = b.build();
  return {
    ...graph,
    inputs: [{ ...graph.inputs[0], shape: ['N', 3, 32, 32] }],
    outputs: [{ ...graph.outputs[0], shape: ['N', 10] }],
  };
}
