export type { CaseInput, OperatorCase } from './cases/case.ts';
export { operatorCases } from './cases/index.ts';
export type { RuntimeFactory } from './options.ts';
export { referenceRuntime } from './reference.ts';
export { type RuntimeSuiteOptions, runtimeSuite, runtimeTolerance } from './suite.ts';
