import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DatafreeError, describeIssue, isDatafreeError } from '@datafree/plugin';
import { createJiti } from 'jiti';
import * as v from 'valibot';
import { defineConfig } from './defineConfig.ts';
import { over } from './layers.ts';
import { configSchema, type Settings } from './schema.ts';

/** Names of config files, in the order that they are looked for. */
const configNames = ['datafree.config.ts', 'datafree.config.mjs', 'datafree.config.js', 'datafree.config.json'];

/** The config file of a folder. */
export async function findConfig(folder: string): Promise<string | undefined> {
  for (const name of configNames) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

/**
 * Reads a config file and what it extends.
 *
 * @throws `option-invalid` when it does not exist, cannot be loaded, or holds what is unknown or not allowed, with the
 * path inside it
 */
export function loadConfig(path: string): Promise<Settings> {
  return loadFile(path, []);
}

async function loadFile(path: string, chain: readonly string[]): Promise<Settings> {
  const file = resolve(path);
  if (chain.includes(file)) throw invalid(path, 'it extends itself', 'extends');
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw invalid(path, 'it does not exist', 'config');
  if (found.isDirectory()) throw invalid(path, 'it is a folder, not a file', 'config');
  return flatten(await evaluate(path, file), { path, file, inside: '', chain: [...chain, file] });
}

interface Origin {
  /** The file as the user named it. */
  readonly path: string;
  readonly file: string;
  /** Where in the file, with a dot at its end. */
  readonly inside: string;
  /** Files that led here. */
  readonly chain: readonly string[];
}

async function flatten(value: unknown, origin: Origin): Promise<Settings> {
  if (Array.isArray(value)) {
    throw invalid(
      origin.path,
      'it is a list where an object of settings is needed',
      origin.inside.slice(0, -1) || '(config)',
    );
  }
  const result = v.safeParse(configSchema, value);
  if (!result.success) {
    const [first] = result.issues;
    const problems = result.issues.map((issue) => `${pathOf(issue, origin)}: ${describeIssue(configSchema, issue)}`);
    throw invalid(origin.path, problems.join('; '), pathOf(first, origin));
  }
  const { extends: bases = [], ...own } = result.output;
  let settings: Settings = {};
  for (const [i, base] of bases.entries()) {
    const next =
      typeof base === 'string'
        ? await loadFile(resolve(dirname(origin.file), base), origin.chain)
        : await flatten(base, { ...origin, inside: `${origin.inside}extends.${i}.` });
    settings = over(settings, next);
  }
  return over(settings, own);
}

/** What the file exports by default, or holds as JSON. */
async function evaluate(path: string, file: string): Promise<unknown> {
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    // A config finds `defineConfig` also where datafree is not installed beside it.
    const jiti = createJiti(file, {
      fsCache: false,
      moduleCache: false,
      virtualModules: { datafree: { defineConfig } },
    });
    const module = await jiti.import<{ default?: unknown }>(file);
    if (module.default !== undefined) return module.default;
  } catch (error) {
    if (isDatafreeError(error)) throw error;
    // Node lists the modules that led to one that it does not find.
    const [message] = (error instanceof Error ? error.message : String(error)).split('\nRequire stack');
    throw invalid(path, `it cannot be loaded: ${message}`, 'config', error);
  }
  throw invalid(path, 'it has no default export', 'config');
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function pathOf(issue: v.BaseIssue<unknown>, { inside }: Origin): string {
  return `${inside}${v.getDotPath(issue) ?? ''}` || '(config)';
}

function invalid(file: string, problem: string, path: string, cause?: unknown): DatafreeError {
  return new DatafreeError('option-invalid', `${file}: ${problem}.`, {
    path,
    hint: 'A config takes the names of the flags; docs/cli.md lists them.',
    cause,
  });
}
