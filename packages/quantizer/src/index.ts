export { type CalibrationMethod, calibrationMethods } from './calibration/range.ts';
export { fusionReport } from './fusion/report.ts';
export { type QuantizerOptions, quantizerOptions } from './options.ts';
export { type Kernel, kernelOf } from './plan/kernel.ts';
export { quantizer } from './quantizer.ts';
