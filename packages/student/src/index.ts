export { batchOf } from './batch.ts';
export { decodedBias } from './bias.ts';
export { quantizedBits } from './bits.ts';
export { descend, type RateGroup } from './descend.ts';
export { exportStudent } from './export.ts';
export { foldedBatchNorms } from './following.ts';
export { channelsOf, decodedWeight, exactWeight, masterWeight } from './master.ts';
export {
  type ActivationQuantiser,
  type Bias,
  type BiasCodes,
  findQuantisers,
  type Quantisers,
  type WeightQuantiser,
} from './quantisers.ts';
export { sharedSigns } from './sharedSigns.ts';
export { packStates, stateOf, unpackStates } from './states.ts';
export { type Student, type StudentOptions, writeStudent } from './student.ts';
export { withoutTies } from './ties/ties.ts';
export { unitsOf } from './units.ts';
