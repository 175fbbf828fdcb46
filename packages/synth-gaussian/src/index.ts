export * from './gaussian.ts';
export { type GaussianOptions, gaussianOptions } from './options.ts';
