import type { Settings } from './schema.ts';

/** What stands in a `datafree.config.ts`: settings under the names of the flags. */
export interface Config extends Settings {
  /** Configs, or paths of their files from this one; each wins over those before it, and this one over all of them. */
  extends?: readonly (Config | string)[] | undefined;
}

/** Types a config. */
export function defineConfig(config: Config): Config {
  return config;
}
