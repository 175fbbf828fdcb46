import { attribute, canonicalOpset, prune, scalarOf, tensorOf } from '@datafree/core';
import type { Attributes, Graph, Node, Tensor } from '@datafree/plugin';
import type { AffineGrid } from '../grid/affine.ts';
import { Names } from './names.ts';

/** Writes the nodes and initializers of a quantised graph. Every grid has a step size of its own, which may learn. */
export class QdqWriter {
  readonly #nodes: Node[] = [];
  readonly #initializers: Map<string, Tensor>;
  readonly #names: Names;
  readonly #nodeNames: Names;
  readonly #constants = new Map<string, string>();
  readonly #steps = new Map<string, string>();

  constructor(graph: Graph) {
    this.#initializers = new Map(graph.initializers);
    this.#names = new Names([
      ...graph.inputs.map((input) => input.name),
      ...graph.initializers.keys(),
      ...graph.nodes.flatMap((node) => node.outputs),
    ]);
    this.#nodeNames = new Names(graph.nodes.map((node) => node.name));
  }

  /** A value name that is not taken yet. */
  fresh(stem: string): string {
    return this.#names.fresh(stem);
  }

  /** Copies a node of the network. */
  node(node: Node): void {
    this.#nodes.push(node);
  }

  /** Writes a node of ai.onnx with one output; it is named after its output. */
  op(op: string, inputs: readonly string[], output: string, attributes: Attributes = {}): string {
    this.#nodes.push({ op, domain: '', name: this.#nodeNames.fresh(output), inputs, outputs: [output], attributes });
    return output;
  }

  /** Adds an initializer; it takes the place of one of the same name. */
  initializer(name: string, tensor: Tensor): string {
    this.#initializers.set(name, tensor);
    return name;
  }

  drop(initializer: string): void {
    this.#initializers.delete(initializer);
  }

  /** A small constant, stored once for all that need the same. */
  constant(stem: string, tensor: Tensor): string {
    const key = `${tensor.dtype}[${tensor.dims}]${Array.from(tensor.data as ArrayLike<unknown>)}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.initializer(this.fresh(stem), tensor);
    this.#constants.set(key, name);
    return name;
  }

  /** A whole number of type uint8. */
  code(value: number): string {
    return this.constant(`u8_${value}`, scalarOf('uint8', value));
  }

  /**
   * Scale and zero point of an activation grid, as inputs of QuantizeLinear and DequantizeLinear.
   *
   * @param group the tensors that have it, by whose name it is stored once
   */
  grid({ scale, zeroPoint }: AffineGrid, group: string): readonly [scale: string, zeroPoint: string] {
    const name = this.#steps.get(group) ?? this.#scale(group, scalarOf('float32', scale));
    this.#steps.set(group, name);
    return [name, this.code(zeroPoint)];
  }

  #scale(stem: string, tensor: Tensor): string {
    return this.initializer(this.fresh(`${stem}.scale`), tensor);
  }

  /**
   * Writes a constant on an integer grid and its DequantizeLinear.
   *
   * @param axis the axis that scale and zero point vary along; undefined when they are one number each
   */
  dequantized(
    stem: string,
    output: string,
    codes: Tensor,
    scales: Float32Array,
    zeroPoint: Tensor | undefined,
    axis: number | undefined,
  ): string {
    const dims = axis === undefined ? [] : [scales.length];
    const inputs = [
      this.initializer(this.fresh(`${stem}.q`), codes),
      this.#scale(stem, tensorOf('float32', dims, scales)),
      ...(zeroPoint === undefined ? [] : [this.constant(`${zeroPoint.dtype}_zero`, zeroPoint)]),
    ];
    return this.op('DequantizeLinear', inputs, output, axis === undefined ? {} : { axis: attribute.int(axis) });
  }

  /** The finished graph with the borders of `graph`. */
  build(graph: Graph): Graph {
    return prune({
      ...graph,
      opset: { ...graph.opset, '': canonicalOpset },
      nodes: this.#nodes,
      initializers: this.#initializers,
    });
  }
}
