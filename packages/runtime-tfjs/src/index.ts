export { type TfjsModule, type TfjsOptions, tfjsOptions } from './options.ts';
export * from './tfjs.ts';
