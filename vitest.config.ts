import { defineConfig } from 'vitest/config';

// Workspace packages are read from their sources, so that no test needs a build.
const conditions = ['datafree-source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/**/*.test.ts', 'tooling/**/*.test.ts'],
    // Native inference sessions hold threads and memory of their own: one process per worker, few workers.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
