import type { TensorType } from '@datafree/core';
import { DatafreeError, type Node } from '@datafree/plugin';
import type * as tfjs from '@tensorflow/tfjs-core';

/** The module that graphs are run with. */
export type TfjsLibrary = typeof tfjs;

/** What a kernel sees of the node that it computes. */
export interface KernelContext {
  readonly tf: TfjsLibrary;
  readonly node: Node;
  /** Element types and shapes of the inputs; undefined where an optional one is left out. */
  readonly types: readonly (TensorType | undefined)[];
  /** Element types and shapes of the outputs, as the shape rule says. */
  readonly outputs: readonly TensorType[];
  /** The tensor of an input that is there. */
  input(index: number): tfjs.Tensor;
  /** The numbers of an input whose content is a constant of the graph. @throws `unsupported` when it is not */
  content(index: number): readonly number[];
}

/** Computes the outputs of one node. Its tensors are row-major and in ONNX's order of axes. */
export type Kernel = (context: KernelContext) => tfjs.Tensor | readonly tfjs.Tensor[];

/** Kernels by operator. */
export type Kernels = Readonly<Record<string, Kernel>>;

/** The tfjs type that holds an ONNX type: every integer is an int32 there. */
export function storageOf(dtype: TensorType['dtype']): 'float32' | 'int32' | 'bool' {
  if (dtype === 'bool') return 'bool';
  return dtype.startsWith('float') || dtype === 'bfloat16' ? 'float32' : 'int32';
}

/** Whether an input of the node was given. */
export function has({ types }: KernelContext, index: number): boolean {
  return types[index] !== undefined;
}

/** The error for a form of an operator that cannot be expressed with TensorFlow.js. */
export function inexpressible({ node }: KernelContext, what: string): DatafreeError {
  return new DatafreeError('unsupported', `${node.op} "${node.name}": ${what} has no counterpart in TensorFlow.js.`, {
    node: node.name,
    op: node.op,
    hint: 'Run the graph with @datafree/runtime-ort.',
  });
}
