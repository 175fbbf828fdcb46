import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';
import type { TfjsLibrary } from './kernels/kernel.ts';

/** The schema of {@link TfjsOptions}, for interfaces that are derived from it. */
export const tfjsOptions = v.strictObject({
  /**
   * Loads TensorFlow.js together with a backend: `() => import('@tensorflow/tfjs-node')`, or
   * `async () => { await import('@tensorflow/tfjs-backend-cpu'); return import('@tensorflow/tfjs-core'); }`.
   */
  lib: v.custom<() => Promise<TfjsLibrary>>((value) => typeof value === 'function', 'must be a function'),
  /** The backend to run on: "tensorflow", "cpu", "wasm", "webgl" …; TensorFlow.js's own choice when absent. */
  backend: v.optional(v.pipe(v.string(), v.nonEmpty())),
});

/** Options of {@link tfjs}. */
export type TfjsOptions = v.InferInput<typeof tfjsOptions>;

/** @throws `option-invalid` */
export function parseTfjsOptions(options: TfjsOptions): TfjsOptions {
  return parseOptions('tfjs', tfjsOptions, options);
}
