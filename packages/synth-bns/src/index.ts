export * from './bns.ts';
export { type BnsOptions, bnsOptions } from './options.ts';
