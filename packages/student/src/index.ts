export { batchOf } from './batch.ts';
export { quantizedBits } from './bits.ts';
export { descend, type RateGroup } from './descend.ts';
export { exportStudent } from './export.ts';
export { channelAt, decodedWeight, masterWeight } from './master.ts';
export {
  type ActivationQuantiser,
  type BiasCodes,
  findQuantisers,
  type Quantisers,
  type WeightQuantiser,
} from './quantisers.ts';
export { packStates, unpackStates } from './states.ts';
export { decodedBias, type Student, type StudentOptions, stateOf, writeStudent } from './student.ts';
