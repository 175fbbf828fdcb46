import { requireCompilable, standardOperators } from '@datafree/core';
import { defineRuntime, type Runtime } from '@datafree/plugin';
import { kernels } from './kernels/index.ts';
import type { TfjsLibrary } from './kernels/kernel.ts';
import { loadLibrary } from './library.ts';
import { parseTfjsOptions, type TfjsOptions } from './options.ts';
import { openSession } from './session.ts';
import { unsupportedTypes } from './values.ts';

/**
 * Runs graphs with TensorFlow.js, which the caller loads: an implementation of every operator that is independent of
 * onnxruntime. Samples are turned from [N, C, …] to [N, …, C] around convolutions and poolings only. Quantised
 * operators are emulated with floats. It has no integers over 32 bits and no double precision.
 *
 * @throws `option-invalid`. `compile` throws `model-invalid`, `runtime-missing`, `provider-unavailable`, `operator-unknown` and
 *   `unsupported`.
 */
export function tfjs(options: TfjsOptions): Runtime {
  const parsed = parseTfjsOptions(options);
  let library: Promise<TfjsLibrary> | undefined;
  return defineRuntime({
    kind: 'runtime',
    name: 'tfjs',
    apiVersion: 1,
    supports: {
      gradients: true,
      integerKernels: false,
      opset: 21,
      unsupportedOperators: withoutKernel(),
      unsupportedTypes,
    },
    compile: async (graph, compileOptions) => {
      requireCompilable(graph, compileOptions);
      library ??= loadLibrary(parsed);
      return openSession(await library, graph, parsed);
    },
  });
}

/** Standard operators without a kernel. Those that follow from shapes or constants alone need none. */
function withoutKernel(): string[] {
  const folded = ['Constant', 'ConstantOfShape', 'Range'];
  const lacking = [...standardOperators.values()].filter(
    ({ known, type }) => known === undefined && !folded.includes(type),
  );
  return lacking
    .map(({ type, domain = '' }) => (domain === '' ? type : `${domain}:${type}`))
    .filter((name) => !(name in kernels));
}
