export type { OrtLibrary, OrtOptions } from './options.ts';
export * from './ort.ts';
