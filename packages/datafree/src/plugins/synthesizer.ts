import { checkPlugin } from '@datafree/orchestrator';
import { isDatafreeError, type Synthesizer, wrapPluginError } from '@datafree/plugin';
import type { MethodOptions } from '../arguments/method.ts';
import { assembled } from '../arguments/values.ts';
import { builtinSynthesizers } from './builtin.ts';
import { findPlugin } from './resolve.ts';

/**
 * The synthesizer that the options ask for.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`, `option-invalid`
 */
export async function synthesizerFor({ method, option = [] }: Omit<MethodOptions, 'samples'>): Promise<Synthesizer> {
  const factory = await findPlugin(method, {
    kind: 'synthesizer',
    prefix: '@datafree/synth-',
    builtin: builtinSynthesizers,
  });
  let plugin: unknown;
  try {
    plugin = factory(assembled(option));
  } catch (error) {
    throw isDatafreeError(error) ? error : wrapPluginError(method, error);
  }
  checkPlugin('synthesizer', plugin);
  return plugin as Synthesizer;
}
