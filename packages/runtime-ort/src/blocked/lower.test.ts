import type { Runtime } from '@datafree/plugin';
import { runtimeSuite } from '@datafree/testkit';
import { describe, it } from 'vitest';
import { ort } from '../ort.ts';

/** A runtime that makes every graph ready as a step. */
function steps(): Runtime {
  const runtime = ort({ threads: 1 });
  return { ...runtime, compile: (graph, options) => runtime.compile(graph, { ...options, step: true }) };
}

describe('as steps', () => {
  runtimeSuite({ describe, it }, steps);
});
