export type { ExternalDataSource } from './decode/external.ts';
export { type DecodeOptions, decodeModel } from './decode/model.ts';
export { encodeModel } from './encode/model.ts';
export { hasUnknownRank, unknownRank } from './rank.ts';
