import type { Value } from '@datafree/core';
import { Network } from './layers.ts';

/** Simonyan and Zisserman 2015, with BatchNormalization. */
export function vgg(): Uint8Array {
  const net = new Network([3, 16, 16]);
  let x: Value = net.input;
  for (const width of [8, 16]) x = net.maxPool(net.unit(net.unit(x, width), width));
  return net.classify(x);
}

/** Huang et al. 2017: every layer sees all before it; normalisation follows Concat. */
export function denseNet(): Uint8Array {
  const net = new Network([3, 16, 16]);
  let x = net.conv(net.input, 8);
  for (const last of [false, true]) {
    for (let layer = 0; layer < 2; layer++) {
      const inner = net.conv(net.activate(net.norm(x)), 8, { kernel: 1 });
      x = net.concat(x, net.conv(net.activate(net.norm(inner)), 4));
    }
    x = net.activate(net.norm(x));
    if (!last) x = net.averagePool(net.conv(x, 8, { kernel: 1 }));
  }
  return net.classify(x);
}

/** Szegedy et al. 2015, with BatchNormalization: four paths side by side. */
export function googLeNet(): Uint8Array {
  const net = new Network([3, 16, 16]);
  let x = net.maxPool(net.unit(net.input, 8), 3, 2);
  for (let i = 0; i < 2; i++) {
    const one = net.unit(x, 4, { kernel: 1 });
    const three = net.unit(net.unit(x, 4, { kernel: 1 }), 6);
    const five = net.unit(net.unit(x, 2, { kernel: 1 }), 4, { kernel: 5 });
    x = net.concat(one, three, five, net.unit(net.maxPool(x, 3, 1), 2, { kernel: 1 }));
  }
  return net.classify(x);
}

/** Gholami et al. 2018: squeezed blocks with separable kernels around a skip. */
export function squeezeNext(): Uint8Array {
  const net = new Network([3, 16, 16]);
  let x = net.unit(net.input, 16, { stride: 2 });
  for (let i = 0; i < 2; i++) {
    const squeezed = net.unit(net.unit(x, 8, { kernel: 1 }), 4, { kernel: 1 });
    const wide = net.unit(net.unit(squeezed, 8, { kernel: [3, 1] }), 8, { kernel: [1, 3] });
    x = net.activate(net.add(net.norm(net.conv(wide, 16, { kernel: 1 })), x));
  }
  return net.classify(x);
}

/** A network for series: one spatial axis. */
export function conv1d(): Uint8Array {
  const net = new Network([2, 64]);
  let x: Value = net.input;
  for (const width of [8, 12]) x = net.maxPool(net.unit(x, width, { kernel: 5 }));
  return net.classify(x);
}

/** A network for volumes: three spatial axes. */
export function conv3d(): Uint8Array {
  const net = new Network([1, 8, 8, 8]);
  const x = net.unit(net.maxPool(net.unit(net.input, 6)), 8);
  return net.classify(x);
}
