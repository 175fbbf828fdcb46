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
  /**
   * Runs a graph that was compiled with `carried` several times at once, each time on what the time before made of the
   * carried inputs. Not every session has it; where it is absent, one run after the other does the same.
   *
   * @param carried the carried inputs as they are at first
   * @param feeds the other inputs, for each time
   * @returns the carried inputs as they are after the last time, and the other outputs of each time
   * @throws `runtime-failed`
   */
  repeat?(carried: Tensors, feeds: readonly Tensors[]): Promise<Repeated>;
  /** Frees native memory. A second call does nothing. */
  dispose(): Promise<void>;
}

/** What {@link Session.repeat} gives. */
export interface Repeated {
  readonly carried: Tensors;
  readonly results: readonly Tensors[];
}

/** How a graph is made ready. */
export interface CompileOptions {
  /** Threads inside an operator; the runtime's default when absent. */
  readonly threads?: number | undefined;
  /** The graph is one step of an optimisation, with gradients, that is run many times. A runtime may prepare for it. */
  readonly step?: boolean;
  /**
   * Inputs whose next values the graph gives, with the outputs that these are. A runtime may then offer `repeat`, which
   * serves large ones: they need not leave the runtime after each step.
   */
  readonly carried?: ReadonlyMap<string, string>;
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
