export { type DistillationStep, distil, distillationStep } from './finetune.ts';
export { depthWeights, type FeatureLoss, featureLosses, overStages } from './loss/features.ts';
export { logitDivergence, relativeError } from './loss/logits.ts';
export { stagesOf } from './loss/stages.ts';
export { type FineTunerOptions, fineTunerOptions, type ParsedOptions, parseFineTunerOptions } from './options.ts';
