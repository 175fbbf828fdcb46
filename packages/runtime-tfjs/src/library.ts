import { DatafreeError } from '@datafree/plugin';
import type { TfjsLibrary } from './kernels/kernel.ts';
import type { TfjsModule, TfjsOptions } from './options.ts';

/** Loads TensorFlow.js. @throws `runtime-missing` */
export async function loadLibrary({ lib }: TfjsOptions): Promise<TfjsLibrary> {
  let loaded: TfjsModule;
  try {
    loaded = await lib();
  } catch (cause) {
    throw new DatafreeError('runtime-missing', `TensorFlow.js cannot be loaded: ${firstLine(cause)}`, {
      hint: 'Install it with: npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu (or @tensorflow/tfjs-node).',
      cause,
    });
  }
  // A CommonJS module may come as the default export alone.
  const library = 'tidy' in loaded ? loaded : (Reflect.get(loaded, 'default') as TfjsModule | undefined);
  if (typeof library?.tidy !== 'function') {
    throw new DatafreeError('runtime-missing', 'What was loaded as TensorFlow.js has no function "tidy".', {
      hint: "Give tfjs({ lib: () => import('@tensorflow/tfjs-node') }).",
    });
  }
  return library as TfjsLibrary;
}

/**
 * Makes a backend the one that is used. The choice is global in TensorFlow.js, so it is made before every run.
 *
 * @throws `provider-unavailable`
 */
export async function useBackend(tf: TfjsLibrary, { backend }: TfjsOptions): Promise<void> {
  if (backend === undefined) return tf.ready();
  if (tf.getBackend() === backend) return;
  const known = Object.keys(tf.engine().registryFactory);
  if (known.includes(backend) && (await tf.setBackend(backend))) return;
  throw new DatafreeError('provider-unavailable', `TensorFlow.js has no backend "${backend}" here.`, {
    hint: `Loaded: ${known.join(', ') || 'none'}. Import the package of the backend in lib().`,
  });
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] as string).trim().replace(/\.$/, '');
}
