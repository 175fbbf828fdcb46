import type { Runtime } from '@datafree/plugin';

/** A runtime that is watched. */
export interface ObservedRuntime {
  readonly runtime: Runtime;
  /** Sessions that were not disposed of. */
  readonly open: () => number;
  readonly runs: () => number;
}

/** Counts the sessions and runs of a runtime. @param onRun is told the number of each run, from 1, before it */
export function observe(runtime: Runtime, onRun: (run: number) => void = () => {}): ObservedRuntime {
  let open = 0;
  let runs = 0;
  return {
    open: () => open,
    runs: () => runs,
    runtime: {
      ...bare(runtime),
      async compile(graph, options) {
        const session = await runtime.compile(graph, options);
        let disposed = false;
        open += 1;
        return {
          async run(feeds, outputs) {
            runs += 1;
            onRun(runs);
            return session.run(feeds, outputs);
          },
          async dispose() {
            if (!disposed) open -= 1;
            disposed = true;
            await session.dispose();
          },
        };
      },
    },
  };
}

/** The parts of a runtime that are passed on as they are. */
export function bare(runtime: Runtime): Omit<Runtime, 'compile'> {
  const { kind, name, apiVersion, supports } = runtime;
  return {
    kind,
    name,
    apiVersion,
    supports,
    ...(runtime.optimized && { optimized: (graph) => runtime.optimized!(graph) }),
  };
}
