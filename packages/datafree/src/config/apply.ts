import { DatafreeError, isDatafreeError } from '@datafree/plugin';
import type { Command, Option } from 'commander';
import { path as pathOf } from '../arguments/values.ts';
import { displaced, narrowed, optionSettings } from './layers.ts';
import { findConfig, loadConfig } from './load.ts';
import type { Settings } from './schema.ts';

/** Flags that mean something else in a command than in the others, and are not taken from a config there. */
const ownMeaning: Readonly<Record<string, readonly string[]>> = { finetune: ['samples'] };

/**
 * Lets every command that takes `--config` take settings from a config file: the one that is named, or the one in the
 * working directory. Flags win.
 */
export function withConfig(program: Command): Command {
  let config: Config | undefined;
  return program
    .hook('preSubcommand', async (_program, command) => {
      config = await configFor(command, program.args);
      // What is mandatory is asked for before the flags are known to be there or not.
      for (const option of command.options) {
        if (option.mandatory && config !== undefined) set(command, option, config);
      }
    })
    .hook('preAction', (_program, command) => {
      if (config !== undefined) apply(command, config);
    });
}

interface Config {
  readonly path: string;
  readonly settings: Settings;
}

async function configFor(command: Command, args: readonly string[]): Promise<Config | undefined> {
  const taken = command.options.some((option) => option.long === '--config');
  if (!taken || args.includes('--help') || args.includes('-h')) return undefined;
  const path = fileArgument(args) ?? (await findConfig(process.cwd()));
  return path === undefined ? undefined : { path, settings: await loadConfig(path) };
}

/** The value of `--config`, which is needed before commander reads the flags. */
function fileArgument(args: readonly string[]): string | undefined {
  const joined = args.find((arg) => arg.startsWith('--config='));
  const at = args.indexOf('--config');
  const found = joined?.slice('--config='.length) ?? (at < 0 ? undefined : args[at + 1]);
  return found === undefined ? undefined : pathOf('config')(found);
}

function apply(command: Command, found: Config): void {
  const fromFlags = (option: Option): boolean =>
    ['cli', 'implied'].includes(command.getOptionValueSource(option.attributeName()) ?? '');
  const names = new Set(command.options.filter(fromFlags).map((option) => option.attributeName()));
  const plugins = Object.fromEntries([...names].map((name) => [name, command.getOptionValue(name)]));
  const gone = displaced(found.settings, { names, plugins });
  const config = { ...found, settings: narrowed(found.settings, plugins) };
  for (const option of command.options) {
    const name = option.attributeName();
    if (gone.has(name)) continue;
    if (!names.has(name)) set(command, option, config);
    else if ((optionSettings as readonly string[]).includes(name)) {
      // Options of plugins are joined: those of flags come last and win.
      const flags = command.getOptionValue(name) as readonly unknown[];
      set(command, option, config);
      command.setOptionValueWithSource(
        name,
        [...(command.getOptionValue(name) as readonly unknown[]), ...flags],
        'cli',
      );
    }
  }
}

function set(command: Command, option: Option, { path, settings }: Config): void {
  const name = option.attributeName();
  const value = settings[name as keyof Settings];
  if (value === undefined || ownMeaning[command.name()]?.includes(name)) return;
  try {
    command.setOptionValueWithSource(name, valueFor(option, value), 'config');
  } catch (error) {
    if (!isDatafreeError(error)) throw error;
    throw new DatafreeError(error.code, `${path}: ${name}: ${error.message}`, { path: name, cause: error });
  }
}

/** A setting in the form that the flag gives. */
function valueFor(option: Option, value: unknown): unknown {
  const name = option.attributeName();
  if (name === 'mean' || name === 'std') return Array.isArray(value) ? value : [value];
  if (name === 'methods' || name === 'metrics' || name === 'bits') {
    return option.parseArg?.((value as string[]).join(','), undefined);
  }
  if (name === 'methodOption' || name === 'metricOption') {
    const plugins = Object.entries(value as Record<string, Record<string, unknown>>);
    return plugins.flatMap(([of, options]) =>
      Object.entries(options).map(([name, own]) => ({ of, assignment: [[name], own] })),
    );
  }
  if ((optionSettings as readonly string[]).includes(name)) {
    return Object.entries(value as Record<string, unknown>).map(([name, own]) => [[name], own]);
  }
  return typeof value === 'string' && option.parseArg !== undefined ? option.parseArg(value, undefined) : value;
}
