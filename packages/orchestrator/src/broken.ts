import { DatafreeError, type ErrorCode } from '@datafree/plugin';

/** The error for a plugin that gave something else than it was asked for. @param problem the end of a sentence */
export function broken(plugin: string, problem: string, code: ErrorCode = 'plugin-failed'): DatafreeError {
  return new DatafreeError(code, `${plugin} ${problem}.`, {
    plugin,
    hint: "Tell the plugin's author; the conformance suites of @datafree/testkit find such faults.",
  });
}
