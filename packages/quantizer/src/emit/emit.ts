import { float32Of, scalarOf, tensorOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { type AffineGrid, affineGrid, encode } from '../grid/affine.ts';
import { quantizeBias } from '../grid/bias.ts';
import type { Plan, Point } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';
import { contained } from './container.ts';
import { floatBias } from './floatBias.ts';
import type { LayerWeights } from './layerWeights.ts';
import { QdqWriter } from './writer.ts';

/**
 * Writes the network with QuantizeLinear and DequantizeLinear pairs: one pair a tensor, shared by all that read it. A
 * tensor keeps its name where it is read; in front of the pair it is called `<name>.float`.
 *
 * @param grids by group of tensors
 * @param weights by weighted layer
 */
export function emit(
  plan: Plan,
  topology: Topology,
  grids: ReadonlyMap<string, AffineGrid>,
  weights: ReadonlyMap<Node, LayerWeights>,
): Graph {
  const { graph } = topology;
  const writer = new QdqWriter(graph);
  const sources = new Map<string, Point[]>();
  for (const point of plan.points.values()) {
    const at = sources.get(point.source);
    if (at === undefined) sources.set(point.source, [point]);
    else at.push(point);
  }
  const codes = new Map<string, string>();
  const renamedInputs = new Map<string, string>();
  const constants = new Map<string, string>();
  const gridOf = (point: Point): AffineGrid => grids.get(point.group) as AffineGrid;

  for (const { name } of graph.inputs) {
    const point = plan.points.get(name);
    if (point === undefined) continue;
    renamedInputs.set(name, writer.fresh(`${name}.dequantized`));
    writePair(point, name, renamedInputs.get(name) as string);
  }
  for (const node of graph.nodes) {
    if (plan.absorbed.has(node)) continue;
    if (node.op === 'Pad' && carriesCodes(node)) writePad(node);
    else writeNode(node);
  }
  return writer.build(graph);

  function writeNode(node: Node): void {
    const outputs = node.outputs.map((name) =>
      plan.points.get(name)?.source === name ? writer.fresh(`${name}.float`) : name,
    );
    writer.node({ ...node, inputs: inputsOf(node), outputs });
    node.outputs.forEach((name, i) => {
      for (const point of sources.get(name) ?? []) writePair(point, outputs[i] as string, point.tensor, node);
    });
  }

  function inputsOf(node: Node): readonly string[] {
    if (!plan.integer.has(node)) return floatInputs(node);
    const layer = weights.get(node);
    if (layer !== undefined) return weightedInputs(node, layer);
    if (plan.roles.get(node) !== 'arithmetic') return node.inputs.map(renamed);
    return node.inputs.map((name) => (topology.constant(name) === undefined ? renamed(name) : constantOperand(name)));
  }

  function renamed(name: string): string {
    return renamedInputs.get(name) ?? name;
  }

  /** Writes QuantizeLinear, a Clip of the codes where the grid has fewer than 256, and DequantizeLinear. */
  function writePair(point: Point, from: string, to: string, producer?: Node): void {
    const grid = gridOf(point);
    const parameters = writer.grid(grid, point.group);
    const low = encode(grid, point.bounds.low);
    const high = encode(grid, point.bounds.high);
    let quantised = writer.op('QuantizeLinear', [from, ...parameters], writer.fresh(`${point.tensor}.q`));
    if ((low > 0 || high < 255) && !(producer !== undefined && onGrid(producer, point))) {
      const bounds = [low > 0 ? writer.code(low) : '', ...(high < 255 ? [writer.code(high)] : [])];
      quantised = writer.op('Clip', [quantised, ...bounds], writer.fresh(`${point.tensor}.clip`));
    }
    codes.set(point.tensor, quantised);
    writer.op('DequantizeLinear', [quantised, ...parameters], to);
  }

  /** True where the values come from tensors of the same grid, so that they lie within its codes already. */
  function onGrid(producer: Node, point: Point): boolean {
    if (point.source !== point.tensor || !plan.integer.has(producer)) return false;
    if (plan.roles.get(producer) !== 'carrier' && producer.op !== 'Concat') return false;
    const read = producer.inputs.filter((name) => topology.isActivation(name));
    return read.every((name) => plan.points.get(name)?.group === point.group);
  }

  function carriesCodes(node: Node): boolean {
    const point = plan.points.get(node.outputs[0] as string);
    return point !== undefined && plan.integer.has(node) && onGrid(node, point);
  }

  /** onnxruntime has no rule for a Pad between DequantizeLinear and QuantizeLinear: the codes themselves are padded. */
  function writePad(node: Node): void {
    const [input, pads, value, ...rest] = node.inputs as [string, string, string?, ...string[]];
    const point = plan.points.get(node.outputs[0] as string) as Point;
    const grid = gridOf(point);
    const constant = topology.constant(value);
    const filled = writer.code(
      constant === undefined ? grid.zeroPoint : encode(grid, float32Of(constant)[0] as number),
    );
    const result = writer.fresh(`${point.tensor}.q`);
    writer.node({ ...node, inputs: [codes.get(input) as string, pads, filled, ...rest], outputs: [result] });
    codes.set(point.tensor, result);
    writer.op('DequantizeLinear', [result, ...writer.grid(grid, point.group)], point.tensor);
  }

  function weightedInputs(node: Node, layer: LayerWeights): readonly string[] {
    const weight = constants.get(layer.key) ?? writeWeight(layer);
    constants.set(layer.key, weight);
    const inputs = [renamed(node.inputs[0] as string), weight];
    return layer.bias === undefined ? inputs : [...inputs, writeBias(node, layer, layer.bias)];
  }

  function floatInputs(node: Node): readonly string[] {
    const bias = floatBias(node, plan, topology);
    if (bias === undefined) return node.inputs.map(renamed);
    const name = writer.fresh(`${node.name}.bias`);
    const codes = tensorOf('int32', [bias.codes.length], bias.codes);
    const [input, weight] = node.inputs as [string, string];
    return [renamed(input), weight, writer.dequantized(name, name, codes, bias.scales, undefined, undefined)];
  }

  function writeWeight({
    name,
    quantised: { codes: values, scales, zeroPoints },
    axis,
    container,
    shared,
  }: LayerWeights): string {
    const output = shared ? writer.fresh(`${name}.dequantized`) : name;
    if (!shared) writer.drop(name);
    const tensor = contained(values, (topology.constant(name) as Tensor).dims, container);
    const zeroPoint = contained(zeroPoints, axis === undefined ? [] : [zeroPoints.length], container);
    return writer.dequantized(name, output, tensor, scales, zeroPoint, axis);
  }

  /** In whole numbers where the layer's input is; its name is kept where no other layer reads it. */
  function writeBias(node: Node, layer: LayerWeights, values: Float32Array): string {
    const old = node.inputs[2] ?? '';
    const alone = old !== '' && topology.onlyConsumer(old) !== undefined;
    const name = alone ? old : writer.fresh(`${node.name}.bias`);
    if (!layer.entered) return writer.initializer(name, tensorOf('float32', [values.length], values));
    if (alone) writer.drop(old);
    const point = plan.points.get(node.inputs[0] as string) as Point;
    const { codes: whole, scales } = quantizeBias(values, gridOf(point).scale, layer.quantised.scales);
    const axis = layer.axis === undefined ? undefined : 0;
    return writer.dequantized(name, name, tensorOf('int32', [whole.length], whole), scales, undefined, axis);
  }

  /** A constant beside an activation gets 8 bits of its own. */
  function constantOperand(name: string): string {
    const known = constants.get(name);
    if (known !== undefined) return known;
    const tensor = topology.constant(name) as Tensor;
    const values = float32Of(tensor);
    const low = values.reduce((least, value) => Math.min(least, value), 0);
    const high = values.reduce((most, value) => Math.max(most, value), 0);
    const grid = affineGrid({ low, high }, 8);
    const whole = tensorOf(
      'uint8',
      tensor.dims,
      Float32Array.from(values, (value) => encode(grid, value)),
    );
    const output = writer.fresh(`${name}.dequantized`);
    constants.set(name, output);
    const zeroPoint = scalarOf('uint8', grid.zeroPoint);
    return writer.dequantized(name, output, whole, Float32Array.of(grid.scale), zeroPoint, undefined);
  }
}
