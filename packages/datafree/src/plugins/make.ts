import { checkPlugin } from '@datafree/orchestrator';
import {
  type FineTuner,
  isDatafreeError,
  type Metric,
  type Quantizer,
  type Runtime,
  type Synthesizer,
  wrapPluginError,
} from '@datafree/plugin';
import { sources } from './builtin.ts';
import { findPlugin } from './resolve.ts';

/** Plugins that the command line takes by name. */
interface Made {
  readonly synthesizer: Synthesizer;
  readonly quantizer: Quantizer;
  readonly 'fine-tuner': FineTuner;
  readonly metric: Metric;
  readonly runtime: Runtime;
}

/**
 * Finds what makes a plugin of a kind from its options.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`; what is returned throws `option-invalid` and the last
 * two
 */
export async function makerOf<K extends keyof Made>(
  kind: K,
  name: string,
): Promise<(options: Record<string, unknown>) => Made[K]> {
  const factory = await findPlugin(name, sources[kind]);
  return (options) => {
    let plugin: unknown;
    try {
      plugin = factory(options);
    } catch (error) {
      throw isDatafreeError(error) ? error : wrapPluginError(name, error);
    }
    checkPlugin(kind, plugin);
    return plugin as Made[K];
  };
}
