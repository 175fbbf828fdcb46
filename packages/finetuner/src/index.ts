export { distil, distillationStep } from './finetune.ts';
export { type FineTunerOptions, fineTunerOptions, type ParsedOptions, parseFineTunerOptions } from './options.ts';
