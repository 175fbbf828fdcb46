import type { Value } from '@datafree/core';
import { Network } from './layers.ts';

type Block = (net: Network, x: Value, width: number, stride: number) => Value;

const shortcut = (net: Network, x: Value, width: number, stride: number): Value =>
  stride === 1 && x.shape[1] === width ? x : net.norm(net.conv(x, width, { kernel: 1, stride }));

const basic: Block = (net, x, width, stride) => {
  const y = net.norm(net.conv(net.unit(x, width, { stride }), width));
  return net.activate(net.add(y, shortcut(net, x, width, stride)));
};

const bottleneck: Block = (net, x, width, stride) => {
  const inner = net.unit(net.unit(x, width / 4, { kernel: 1 }), width / 4, { stride });
  return net.activate(net.add(net.norm(net.conv(inner, width, { kernel: 1 })), shortcut(net, x, width, stride)));
};

const preActivation: Block = (net, x, width, stride) => {
  const before = net.activate(net.norm(x));
  const inner = net.activate(net.norm(net.conv(before, width, { stride })));
  const skip = stride === 1 && x.shape[1] === width ? x : net.conv(before, width, { kernel: 1, stride });
  return net.add(net.conv(inner, width), skip);
};

const grouped: Block = (net, x, width, stride) => {
  const inner = net.unit(net.unit(x, width, { kernel: 1 }), width, { stride, groups: width / 4 });
  return net.activate(net.add(net.norm(net.conv(inner, width, { kernel: 1 })), shortcut(net, x, width, stride)));
};

function stages(block: Block, widths: readonly number[], finish: (net: Network, x: Value) => Value = (_, x) => x) {
  const net = new Network([3, 16, 16]);
  let x = net.unit(net.input, widths[0] as number);
  widths.forEach((width, i) => {
    x = block(net, x, width, i === 0 ? 1 : 2);
  });
  return net.classify(finish(net, x));
}

/** He et al. 2016, "Deep Residual Learning": basic blocks. */
export const resNet = () => stages(basic, [8, 16]);
/** The same with bottlenecks. */
export const resNetBottleneck = () => stages(bottleneck, [16, 32]);
/** He et al. 2016, "Identity Mappings": normalisation before convolution. */
export const resNetPreActivation = () => stages(preActivation, [8, 16], (net, x) => net.activate(net.norm(x)));
/** Zagoruyko and Komodakis 2016: few and wide blocks. */
export const wideResNet = () => stages(preActivation, [24, 48], (net, x) => net.activate(net.norm(x)));
/** Radosavovic et al. 2020: grouped bottlenecks. */
export const regNet = () => stages(grouped, [8, 16]);
