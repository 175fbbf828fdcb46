import { float32Of } from '@datafree/core';
import type { Node, Tensor } from '@datafree/plugin';
import type { AffineGrid } from '../grid/affine.ts';
import { smallestWeightScales } from '../grid/bias.ts';
import { type QuantizedWeights, quantizeWeights, type WeightGridOptions } from '../grid/weights.ts';
import { weightAxis } from '../plan/operators.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';
import type { Container } from './container.ts';

/** The weights of a layer on their grid. */
export interface LayerWeights {
  /** Equal for layers that share one quantised tensor. */
  readonly key: string;
  /** Name of the initializer. */
  readonly name: string;
  readonly axis: number | undefined;
  readonly bits: number;
  readonly container: Container;
  /** Something else needs the initializer as it was. */
  readonly shared: boolean;
  /** Its input is quantised, and so is its bias, which onnxruntime would round otherwise, in floating point too. */
  readonly entered: boolean;
  readonly quantised: QuantizedWeights;
  /** The bias, one value an output; undefined where there is none. */
  readonly bias: Float32Array | undefined;
}

/** What of the options decides how weights are quantised. */
export interface LayerWeightOptions extends Omit<WeightGridOptions, 'bits' | 'range'> {
  readonly bits: number;
  /** Bits of single weights, by the name of the initializer. */
  readonly own: ReadonlyMap<string, number>;
  /** Bits of the first and the last layer. */
  readonly endBits: number;
  /** By default the least squared error below 8 bits, and all weights at 8. */
  readonly range: WeightGridOptions['range'] | undefined;
  readonly granularity: 'channel' | 'tensor';
  readonly container: Container;
}

/** Quantises the weights of every layer of the plan. @param grids by group of tensors */
export function quantizeLayers(
  plan: Plan,
  topology: Topology,
  grids: ReadonlyMap<string, AffineGrid>,
  options: LayerWeightOptions,
): ReadonlyMap<Node, LayerWeights> {
  const uses = new Map<string, Node[]>();
  const settings = new Map<Node, Omit<LayerWeights, 'quantised' | 'shared' | 'bias'>>();
  for (const node of plan.integer) {
    if (plan.roles.get(node) !== 'weighted') continue;
    const name = node.inputs[1] as string;
    const bits = options.own.get(name) ?? (plan.firstAndLast.has(node) ? options.endBits : options.bits);
    const axis = options.granularity === 'channel' ? weightAxis(node) : undefined;
    const container = bits <= 4 ? options.container : 'int8';
    const entered = plan.points.has(node.inputs[0] as string);
    const key = `${name} ${axis} ${bits}`;
    settings.set(node, { key, name, axis, bits, container, entered });
    uses.set(key, [...(uses.get(key) ?? []), node]);
  }
  const quantised = new Map<string, QuantizedWeights>();
  return new Map(
    [...settings].map(([node, setting]) => {
      const { key, name, axis, bits } = setting;
      const users = uses.get(key) as Node[];
      const known =
        quantised.get(key) ??
        quantizeWeights(
          topology.constant(name) as Tensor,
          axis,
          { bits, symmetric: options.symmetric, range: options.range ?? (bits < 8 ? 'mse' : 'minmax') },
          smallestScales(users, axis),
        );
      quantised.set(key, known);
      const shared = topology.isOutput(name) || topology.consumers(name).some((reader) => !users.includes(reader));
      const bias = topology.constant(node.inputs[2]);
      return [node, { ...setting, shared, quantised: known, bias: bias && float32Of(bias) }];
    }),
  );

  /** The largest of what the biases of all layers with these weights ask for. */
  function smallestScales(users: readonly Node[], axis: number | undefined): number[] {
    const smallest: number[] = [];
    for (const node of users) {
      const bias = topology.constant(node.inputs[2]);
      const point = plan.points.get(node.inputs[0] as string);
      if (bias === undefined || point === undefined) continue;
      const { scale } = grids.get(point.group) as AffineGrid;
      smallestWeightScales(float32Of(bias), scale).forEach((least, channel) => {
        const at = axis === undefined ? 0 : channel;
        smallest[at] = Math.max(smallest[at] ?? 0, least);
      });
    }
    return smallest;
  }
}
