export { type OrtFile, ortFile } from './file.ts';
export { type OrtModule, type OrtOptions, ortOptions } from './options.ts';
export * from './ort.ts';
