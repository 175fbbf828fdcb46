export { distil } from './finetune.ts';
export { type FineTunerOptions, fineTunerOptions } from './options.ts';
