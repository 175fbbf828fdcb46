export { type OrtFile, ortFile } from './file.ts';
export type { OrtLibrary, OrtOptions } from './options.ts';
export * from './ort.ts';
