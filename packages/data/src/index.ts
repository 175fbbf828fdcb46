export { decodeNpy, encodeNpy, type NpyDType } from './array/npy.ts';
export type { Resize } from './images/decode.ts';
export { type MemorySamples, memorySamples } from './memory.ts';
export { type DataOptions, openData } from './openData.ts';
export { storedType, toInput, toStored } from './preprocess/grid.ts';
export {
  type AffinePreprocess,
  type BoundedPreprocess,
  gridOf,
  type PixelPreprocess,
  type Preprocess,
  type PreprocessName,
  preprocessNames,
} from './preprocess/preprocess.ts';
export { type ContactSheetOptions, contactSheet } from './sheet/contactSheet.ts';
export { fileCheckpoint } from './store/fileCheckpoint.ts';
export { isRunning } from './store/isRunning.ts';
export { makeFolder } from './store/makeFolder.ts';
export type { SampleManifest, SampleOrigin, Shard, StoredFile } from './store/manifest.ts';
export { openSamples, type StoredSamples } from './store/openSamples.ts';
export { type TemporaryCheckpoint, temporaryCheckpoint } from './store/temporaryCheckpoint.ts';
export { writeFileAtomic } from './store/writeFileAtomic.ts';
export { type SampleDescription, type SampleWriter, sampleWriter, writeSamples } from './store/writeSamples.ts';
export { unreadable } from './unreadable.ts';
