import { DatafreeError } from '@datafree/plugin';
import type { OrtModule, ParsedOrtOptions } from './options.ts';

/** onnxruntime-node as its own types describe it. */
export type OrtLibrary = typeof import('onnxruntime-node');

/**
 * Loads onnxruntime and checks that it has the execution providers that are asked for.
 *
 * @throws `runtime-missing`, `provider-unavailable`
 */
export async function loadLibrary(options: ParsedOrtOptions): Promise<OrtLibrary> {
  let loaded: OrtModule;
  try {
    loaded = await options.lib();
  } catch (cause) {
    throw new DatafreeError('runtime-missing', `onnxruntime-node cannot be loaded: ${firstLine(cause)}`, {
      hint: 'Install it with: npm install onnxruntime-node',
      cause,
    });
  }
  // A CommonJS module may come as the default export alone.
  const module = 'InferenceSession' in loaded ? loaded : (Reflect.get(loaded, 'default') as OrtModule | undefined);
  const library = module as OrtLibrary | undefined;
  if (typeof library?.InferenceSession?.create !== 'function') {
    throw new DatafreeError('runtime-missing', 'What was loaded as onnxruntime-node has no InferenceSession.', {
      hint: "Give ort({ lib: () => import('onnxruntime-node') }).",
    });
  }
  const available = library.listSupportedBackends().map((backend) => backend.name);
  for (const name of providerNames(options)) {
    if (!available.includes(name)) throw providerUnavailable(name, available);
  }
  return library;
}

/** The error for a provider that this machine lacks. */
export function providerUnavailable(name: string, available: readonly string[], cause?: unknown): DatafreeError {
  const why = cause === undefined ? '' : ` (${firstLine(cause)})`;
  return new DatafreeError('provider-unavailable', `The execution provider "${name}" is not available here${why}.`, {
    hint: `Known to this build of onnxruntime: ${available.join(', ')}. "cpu" always works; the others need their libraries and device.`,
    cause,
  });
}

/** Names of the execution providers asked for. */
export function providerNames(options: ParsedOrtOptions): string[] {
  return options.executionProviders.map((provider) => (typeof provider === 'string' ? provider : provider.name));
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] as string).trim().replace(/\.$/, '');
}
