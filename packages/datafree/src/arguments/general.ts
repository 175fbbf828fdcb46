import type { Command } from 'commander';
import { path, whole } from './values.ts';

/** What every command takes. */
export interface GeneralOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly seed: number;
  readonly threads?: number;
}

/** Adds the options that every command takes. */
export function withGeneral(command: Command): Command {
  return command
    .optionsGroup('Every command:')
    .option('--seed <number>', 'seed of all randomness: same seed, same bytes', whole('seed', 0, 2 ** 32 - 1), 0)
    .option('--threads <number>', 'threads to compute with (the physical cores when absent)', whole('threads', 1, 1024))
    .option(
      '--config <file>',
      'settings under the names of the flags, which win (datafree.config.ts, .mjs, .js or .json)',
      path('config'),
    )
    .option('--json', 'print the result as JSON', false)
    .option('--quiet', 'no progress and no warnings', false)
    .helpOption('-h, --help', 'show this help');
}
