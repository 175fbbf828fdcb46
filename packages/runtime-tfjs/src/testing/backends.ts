import type { TfjsLibrary } from '../kernels/kernel.ts';

/** TensorFlow.js with the two backends that tests run on. */
export async function load(): Promise<TfjsLibrary> {
  await import('@tensorflow/tfjs-backend-cpu');
  await import('@tensorflow/tfjs-backend-wasm');
  return import('@tensorflow/tfjs-core');
}
