export type { SuiteRunner } from './check.ts';
export { type FineTunerSuiteOptions, fineTunerSuite } from './fineTuner/suite.ts';
export { metricSuite } from './metric/suite.ts';
export { batchNormDivergence } from './network/batchNormDivergence.ts';
export { memorySamples } from './network/memorySamples.ts';
export {
  type SmallNetworkOptions,
  smallNetwork,
  smallNetworkClasses,
  smallNetworkGrid,
  smallNetworkSamples,
  smallNetworkShape,
} from './network/smallNetwork.ts';
export type { PluginFactory, SuiteOptions } from './plugin/subject.ts';
export { quantizerSuite } from './quantizer/suite.ts';
export * from './runtime/index.ts';
export { synthesizerSuite } from './synthesizer/suite.ts';
