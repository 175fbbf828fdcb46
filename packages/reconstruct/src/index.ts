export { type ReconstructOptions, reconstructOptions } from './options.ts';
export { reconstruct } from './reconstruct.ts';
