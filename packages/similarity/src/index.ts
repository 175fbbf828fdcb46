export { compareDataSets, type DataSetSimilarity, type LayerSimilarity } from './compareDataSets.ts';
export { type SimilarityOptions, similarityOptions } from './options.ts';
export { similarity } from './similarity.ts';
