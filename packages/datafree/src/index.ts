export {
  contactSheet,
  gridOf,
  memorySamples,
  openData,
  openSamples,
  type Preprocess,
  writeSamples,
} from '@datafree/data';
export { distil, type FineTunerOptions } from '@datafree/finetuner';
export { classCount } from '@datafree/inversion';
export { encodeModel, loadModel } from '@datafree/onnx';
export * from '@datafree/orchestrator';
export * from '@datafree/plugin';
export { type QuantizerOptions, quantizer } from '@datafree/quantizer';
export { type ReconstructOptions, reconstruct } from '@datafree/reconstruct';
export { type OrtOptions, ort } from '@datafree/runtime-ort';
export { compareDataSets, similarity } from '@datafree/similarity';
export { bns } from '@datafree/synth-bns';
export { gaussian } from '@datafree/synth-gaussian';
export { bnsInception, inception } from '@datafree/synth-inception';
export { type Config, defineConfig } from './config/defineConfig.ts';
export type { Evaluation } from './evaluation/evaluate.ts';
export { type EvaluateModelsOptions, evaluateModels } from './evaluation/evaluateModels.ts';
export { type OpenedModel, type OpenModelOptions, openModel } from './model/open.ts';
export { type OpenedQuantized, openQuantized } from './model/openQuantized.ts';
export { saveModel } from './model/save.ts';
export { type RunFolder, runFolder } from './runFolder.ts';
export { compress, synthesize } from './synthesis/spilling.ts';
export { type Variety, varietyOf } from './synthesis/variety.ts';
