import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

/**
 * TensorFlow.js as it is loaded: `@tensorflow/tfjs-core`, `@tensorflow/tfjs` or `@tensorflow/tfjs-node`. Its own types
 * stay out of this package's, so that these can be used where it is not installed.
 */
export interface TfjsModule {
  readonly tidy: object;
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
}

/** The schema of {@link TfjsOptions}, for interfaces that are derived from it. */
export const tfjsOptions = v.strictObject({
  /**
   * Loads TensorFlow.js together with a backend: `() => import('@tensorflow/tfjs-node')`, or
   * `async () => { await import('@tensorflow/tfjs-backend-cpu'); return import('@tensorflow/tfjs-core'); }`.
   */
  lib: v.custom<() => Promise<TfjsModule>>((value) => typeof value === 'function', 'must be a function'),
  /** The backend to run on: "tensorflow", "cpu", "wasm", "webgl" …; TensorFlow.js's own choice when absent. */
  backend: v.optional(v.pipe(v.string(), v.nonEmpty())),
});

/** Options of {@link tfjs}. */
export type TfjsOptions = v.InferInput<typeof tfjsOptions>;

/** @throws `option-invalid` */
export function parseTfjsOptions(options: TfjsOptions): TfjsOptions {
  return parseOptions('tfjs', tfjsOptions, options);
}
