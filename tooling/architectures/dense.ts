import { convTranspose, leakyRelu, resize } from '@datafree/core';
import { Network } from './layers.ts';

/** Ronneberger et al. 2015: down, up by transposed convolution, with skips; a class for each pixel. */
export function uNet(): Uint8Array {
  const net = new Network([1, 16, 16]);
  const fine = net.unit(net.input, 8);
  const coarse = net.unit(net.maxPool(fine), 12);
  const up = convTranspose(net.b, coarse, net.weight([12, 8, 2, 2]), undefined, { strides: [2, 2] });
  const merged = net.unit(net.concat(fine, net.activate(net.norm(up))), 8);
  return net.finish(net.conv(merged, 3, { kernel: 1 }));
}

/** A detector in the manner of YOLO: leaky units, an upsampled path and two heads. */
export function yolo(): Uint8Array {
  const net = new Network([3, 32, 32]);
  const unit = (...args: Parameters<Network['unit']>) =>
    leakyRelu(net.b, net.unit(args[0], args[1], { ...args[2], activation: 'none' }), 0.1);
  const fine = unit(unit(net.input, 8, { stride: 2 }), 12, { stride: 2 });
  const coarse = unit(fine, 16, { stride: 2 });
  const up = resize(net.b, unit(coarse, 8, { kernel: 1 }), { scales: [1, 1, 2, 2], mode: 'nearest' });
  const merged = unit(net.concat(fine, up), 12);
  return net.finish(net.conv(merged, 14, { kernel: 1 }), net.conv(coarse, 14, { kernel: 1 }));
}
