export type { ExternalDataSource } from './decode/external.ts';
export { type DecodeOptions, decodeModel } from './decode/model.ts';
export { encodeModel } from './encode/model.ts';
export { findBatchNorms } from './model/batchNorms.ts';
export { type LoadOptions, loadModel, type PrepareOptions, prepareModel } from './model/load.ts';
export { type BatchResult, makeBatchDynamic } from './passes/batch.ts';
export { foldBatchNorms } from './passes/foldBatchNorms.ts';
export { simplify } from './passes/simplify.ts';
export { hasUnknownRank, unknownRank } from './rank.ts';
