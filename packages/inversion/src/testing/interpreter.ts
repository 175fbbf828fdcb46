import { interpret } from '@datafree/core';
import { defineRuntime, type Runtime } from '@datafree/plugin';

/** A runtime that evaluates graphs by the operators' references: slow, exact, without native code. */
export function interpreter(): Runtime & { readonly open: () => number; readonly runs: () => number } {
  let open = 0;
  let runs = 0;
  const runtime = defineRuntime({
    kind: 'runtime',
    name: 'interpreter',
    apiVersion: 1,
    supports: { gradients: true, integerKernels: false, opset: 21 },
    async compile(graph) {
      open++;
      return {
        async run(feeds, wanted) {
          runs++;
          return interpret(graph, feeds, wanted === undefined ? {} : { wanted });
        },
        async dispose() {
          open--;
        },
      };
    },
  });
  return { ...runtime, open: () => open, runs: () => runs };
}
