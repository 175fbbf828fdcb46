import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

/**
 * The module that {@link ort} runs networks with: `onnxruntime-node`, or another of the same interface. Its own types
 * stay out of this package's: they need the types of browsers.
 */
export interface OrtModule {
  readonly InferenceSession: object;
  readonly Tensor: object;
  listSupportedBackends(): readonly { readonly name: string }[];
}

const provider = v.union([v.pipe(v.string(), v.nonEmpty()), v.looseObject({ name: v.pipe(v.string(), v.nonEmpty()) })]);

/** The schema of {@link OrtOptions}, for interfaces that are derived from it. */
export const ortOptions = v.strictObject({
  /** Loads onnxruntime-node. Give one to use another copy, or another build. */
  lib: v.optional(
    v.custom<() => Promise<OrtModule>>((value) => typeof value === 'function', 'must be a function'),
    () => (): Promise<OrtModule> => import('onnxruntime-node'),
  ),
  /** Execution providers by preference: names, or objects of a name and the provider's own options. */
  executionProviders: v.optional(v.pipe(v.array(provider), v.nonEmpty()), ['cpu']),
  /** Threads inside an operator; onnxruntime's own choice (the physical cores) when absent. */
  threads: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Whether idle threads wait actively for work: faster steps, and cores kept busy between them. */
  spinning: v.optional(v.boolean(), true),
  /** What onnxruntime prints on the standard error output. What makes a graph fail is thrown in any case. */
  logLevel: v.optional(v.picklist(['verbose', 'info', 'warning', 'error', 'fatal']), 'fatal'),
  /** How far onnxruntime rewrites graphs before it runs them. */
  graphOptimization: v.optional(v.picklist(['disabled', 'basic', 'extended', 'layout', 'all']), 'all'),
  /** Session configuration entries by their full name: `{ 'session.set_denormal_as_zero': '1' }`. */
  extra: v.optional(v.record(v.string(), v.string()), {}),
});

/** Options of {@link ort}. */
export type OrtOptions = v.InferInput<typeof ortOptions>;

/** Options with the defaults filled in. */
export type ParsedOrtOptions = v.InferOutput<typeof ortOptions>;

/** @throws `option-invalid` */
export function parseOrtOptions(options: OrtOptions): ParsedOrtOptions {
  return parseOptions('ort', ortOptions, options);
}
