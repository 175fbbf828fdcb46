export type { TfjsLibrary } from './kernels/kernel.ts';
export type { TfjsOptions } from './options.ts';
export * from './tfjs.ts';
