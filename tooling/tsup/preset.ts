import type { Options } from 'tsup';

/** How every package is built: one ES module per entry with its types, dependencies left to the installer. */
export function library(entry: string[] = ['src/index.ts']): Options {
  return {
    entry,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    dts: true,
    clean: true,
    treeshake: true,
    // Workspace packages resolve to their sources while developing; a built package must not swallow them.
    external: [/^@datafree\//],
  };
}
