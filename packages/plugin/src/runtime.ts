import type { Graph } from './graph.ts';
import type { DType, Tensors } from './tensor.ts';

/** A graph made ready to run. Not shared between threads. */
export interface Session {
  /**
   * Runs the graph. `feeds` holds every graph input.
   *
   * @param outputs names of the graph outputs wanted; all when absent
   * @throws `runtime-failed`
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors>;
  /** Frees native memory. A second call does nothing. */
  dispose(): Promise<void>;
}

/** How a graph is made ready. */
export interface CompileOptions {
  /** Threads inside an operator; the runtime's default when absent. */
  readonly threads?: number;
  /** The graph is one step of an optimisation, with gradients, that is run many times. A runtime may prepare for it. */
  readonly step?: boolean;
}

/** What a runtime can do. */
export interface RuntimeSupports {
  /** Runs every operator that the backward graphs use. */
  readonly gradients: boolean;
  /** Runs quantised operators with integer kernels. */
  readonly integerKernels: boolean;
  /** The newest opset of ai.onnx it takes. */
  readonly opset: number;
  /** Operators it does not run, `domain:type` with an empty domain for ai.onnx left out: "Conv". None when absent. */
  readonly unsupportedOperators?: readonly string[];
  /** Element types it does not take as inputs or give as outputs. None when absent. */
  readonly unsupportedTypes?: readonly DType[];
}

/** Executes graphs. */
export interface Runtime {
  readonly kind: 'runtime';
  readonly name: string;
  readonly apiVersion: 1;
  readonly supports: RuntimeSupports;
  /** @throws `runtime-missing`, `runtime-failed`, `provider-unavailable` */
  compile(graph: Graph, options?: CompileOptions): Promise<Session>;
  /** The graph as the runtime will execute it after its own optimisations, where it can tell. */
  optimized?(graph: Graph): Promise<Graph>;
}
