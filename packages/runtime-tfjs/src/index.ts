export type { TfjsLibrary } from './kernels/kernel.ts';
export { type TfjsOptions, tfjsOptions } from './options.ts';
export * from './tfjs.ts';
