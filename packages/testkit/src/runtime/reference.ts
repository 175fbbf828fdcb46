import { interpret, type OperatorSet, sizesOf, standardOperators } from '@datafree/core';
import {
  DatafreeError,
  defineRuntime,
  type Graph,
  isDatafreeError,
  type Runtime,
  type Session,
} from '@datafree/plugin';

/**
 * A runtime on the operators' reference evaluations: slow and without native code. Conformance tests of other plugins
 * use it, and the runtime suite is checked with it.
 */
export function referenceRuntime(operators: OperatorSet = standardOperators): Runtime {
  return defineRuntime({
    kind: 'runtime',
    name: 'reference',
    apiVersion: 1,
    supports: { gradients: true, integerKernels: false, opset: 21 },
    compile: async (graph) => openSession(graph, operators),
  });
}

function openSession(graph: Graph, operators: OperatorSet): Session {
  let disposed = false;
  return {
    async run(feeds, outputs) {
      if (disposed) throw new DatafreeError('runtime-failed', 'The session was disposed.');
      sizesOf(graph.inputs, feeds);
      try {
        return interpret(graph, feeds, { operators, ...(outputs === undefined ? {} : { wanted: outputs }) });
      } catch (error) {
        if (isDatafreeError(error)) throw error;
        throw new DatafreeError('runtime-failed', String(error), { cause: error });
      }
    },
    async dispose() {
      disposed = true;
    },
  };
}
