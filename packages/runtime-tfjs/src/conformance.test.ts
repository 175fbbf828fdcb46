import { runtimeSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { load } from './testing/backends.ts';
import { tfjs } from './tfjs.ts';

for (const backend of ['cpu', 'wasm'] as const) {
  describe(backend, () => {
    runtimeSuite({ describe, it }, tfjs, { options: { lib: load, backend } });
  });
}
