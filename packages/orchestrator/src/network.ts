import { wrapPluginError } from '@datafree/plugin';
import type { Plan } from './plan.ts';

/**
 * Has the plugins look at the network, those of the late stages too, so that one that cannot work with it says so
 * before the first stage begins.
 *
 * @throws what their `check` throws, with the plugin's name
 */
export function checkNetwork({ model, synthesizer, samples, quantizer, fineTuner, metrics = [] }: Plan): void {
  for (const plugin of [samples === undefined ? synthesizer : undefined, quantizer, fineTuner, ...metrics]) {
    try {
      plugin?.check?.(model, quantizer);
    } catch (error) {
      throw wrapPluginError(plugin?.name as string, error);
    }
  }
}
