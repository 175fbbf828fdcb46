export { type CalibrationMethod, calibrationMethods } from './calibration/range.ts';
export { type QuantizerOptions, quantizerOptions } from './options.ts';
export { type Kernel, kernelOf } from './plan/kernel.ts';
export { quantizer } from './quantizer.ts';
