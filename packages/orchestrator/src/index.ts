export * from './compress.ts';
export type { StageOptions } from './context.ts';
export { checkNetwork } from './network.ts';
export { checkPlan, type Plan } from './plan.ts';
export { checkPlugin, type PluginKind } from './plugins.ts';
export { defaultCount, fineTune, measure, quantize, type SynthesizeOptions, synthesize } from './stages.ts';
export type { Provenance, RunStore } from './store.ts';
