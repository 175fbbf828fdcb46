import type { DType, Tensor } from './tensor.ts';

/** One dimension of a graph input or output: a size, or the name of a size that is free ("N"). */
export type Dim = number | string;

/** Name, element type and shape of a value that crosses the border of a graph. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** A node's attribute. The tag is kept since ONNX tells `1` from `1.0` and `[]` of ints from `[]` of floats. */
export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/**
 * One application of an operator. Values are named by strings; `''` stands for an optional input or output that is
 * left out. `domain` is `''` for ai.onnx.
 */
export interface Node {
  readonly op: string;
  readonly domain: string;
  /** Unique in its graph. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/**
 * A network as ONNX describes it and the only thing that passes between model steps. Graphs are values: a pass
 * returns a new one. Nodes stand in topological order; every value has one producer: an input, an initializer or a
 * node.
 */
export interface Graph {
  readonly name: string;
  /** Opset version by domain; the key of ai.onnx is `''`. */
  readonly opset: Readonly<Record<string, number>>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly Node[];
  /** The file's `metadata_props`. */
  readonly metadata: ReadonlyMap<string, string>;
}
