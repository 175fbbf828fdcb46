import type { Value } from '@datafree/core';
import { type ConvOptions, type Gate, Network } from './layers.ts';

interface Inverted {
  readonly expand: number;
  readonly width: number;
  readonly stride?: number;
  readonly kernel?: number;
  readonly excite?: Gate;
  readonly activation?: NonNullable<ConvOptions['activation']>;
}

function inverted(net: Network, x: Value, options: Inverted): Value {
  const { expand, width, stride = 1, kernel = 3, excite, activation = 'relu6' } = options;
  const wide = net.unit(x, (x.shape[1] as number) * expand, { kernel: 1, activation });
  const deep = net.depthwise(wide, { kernel, stride, activation });
  const narrow = net.norm(net.conv(excite === undefined ? deep : net.excite(deep, excite), width, { kernel: 1 }));
  return stride === 1 && x.shape[1] === width ? net.add(x, narrow) : narrow;
}

function invertedNetwork(activation: NonNullable<ConvOptions['activation']>, blocks: readonly Inverted[]): Uint8Array {
  const net = new Network([3, 16, 16]);
  let x = net.unit(net.input, 8, { stride: 2, activation });
  for (const block of blocks) x = inverted(net, x, { activation, ...block });
  return net.classify(net.unit(x, 24, { kernel: 1, activation }));
}

/** Howard et al. 2017: depthwise and pointwise convolutions. */
export function mobileNetV1(): Uint8Array {
  const net = new Network([3, 16, 16]);
  let x = net.unit(net.input, 8, { stride: 2, activation: 'relu6' });
  for (const width of [12, 16]) {
    x = net.unit(net.depthwise(x, { activation: 'relu6' }), width, { kernel: 1, activation: 'relu6' });
  }
  return net.classify(x);
}

/** Sandler et al. 2018: inverted residuals. */
export const mobileNetV2 = () =>
  invertedNetwork('relu6', [
    { expand: 2, width: 8 },
    { expand: 3, width: 12, stride: 2 },
  ]);
/** Howard et al. 2019: excitation with a hard gate, and hard swish. */
export const mobileNetV3 = () =>
  invertedNetwork('hard-swish', [
    { expand: 2, width: 8, excite: 'hard-sigmoid', activation: 'relu' },
    { expand: 3, width: 12, stride: 2, kernel: 5, excite: 'hard-sigmoid' },
  ]);
/** Tan and Le 2019, without excitation and with ReLU6. */
export const efficientNetLite = () =>
  invertedNetwork('relu6', [
    { expand: 1, width: 8 },
    { expand: 6, width: 12, stride: 2, kernel: 5 },
    { expand: 6, width: 12, kernel: 5 },
  ]);
/** Tan et al. 2019. */
export const mnasNet = () =>
  invertedNetwork('relu', [
    { expand: 3, width: 8 },
    { expand: 3, width: 12, stride: 2, kernel: 5 },
    { expand: 3, width: 12, excite: 'sigmoid' },
  ]);

/** Ma et al. 2018: half of the channels pass, then they are shuffled; at stride 2 both halves are convolutions of all. */
export function shuffleNetV2(): Uint8Array {
  const net = new Network([3, 16, 16]);
  const half = 8;
  const branch = (x: Value, stride: number): Value => {
    const inner = net.depthwise(net.unit(x, half, { kernel: 1 }), { stride, activation: 'none' });
    return net.unit(inner, half, { kernel: 1 });
  };
  let x = net.unit(net.input, 12);
  const beside = net.unit(net.depthwise(x, { stride: 2, activation: 'none' }), half, { kernel: 1 });
  x = net.shuffle(net.concat(beside, branch(x, 2)), 2);
  for (let i = 0; i < 2; i++) {
    const [passed, used] = net.halves(x);
    x = net.shuffle(net.concat(passed, branch(used, 1)), 2);
  }
  return net.classify(x);
}

/** Han et al. 2020: half of the features come from cheap depthwise convolutions of the others. */
export function ghostNet(): Uint8Array {
  const net = new Network([3, 16, 16]);
  const ghost = (x: Value, width: number, activation: 'relu' | 'none'): Value => {
    const own = net.unit(x, width / 2, { kernel: 1, activation });
    return net.concat(own, net.depthwise(own, { activation }));
  };
  let x = net.unit(net.input, 8, { stride: 2 });
  for (let i = 0; i < 2; i++) x = net.add(x, ghost(ghost(x, 16, 'relu'), 8, 'none'));
  return net.classify(x);
}

/** The DS-CNN for keywords of MLPerf Tiny: 10 features of 49 frames, of which the first kernel sees 10 × 4. */
export function dsCnn(): Uint8Array {
  const net = new Network([1, 49, 10]);
  let x = net.unit(net.input, 8, { kernel: [10, 4], stride: 2 });
  for (let i = 0; i < 2; i++) x = net.unit(net.depthwise(x), 8, { kernel: 1 });
  return net.classify(x);
}
