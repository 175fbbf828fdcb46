import { join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DatafreeError, isDatafreeError } from '@datafree/plugin';
import { moduleResolve } from 'import-meta-resolve';

/** Makes a plugin from its options. @throws `option-invalid` */
export type Factory = (options: Record<string, unknown>) => unknown;

/** Where plugins of one kind come from. */
export interface PluginSource {
  /** What they are called in a message: "synthesizer". */
  readonly kind: string;
  /** Packages of this project: "@datafree/synth-". */
  readonly prefix: string;
  /** Factories, which check their options themselves. */
  readonly builtin: Readonly<Record<string, (options: never) => unknown>>;
}

/**
 * Finds the factory of a plugin by its name: a built-in one, then the packages `@datafree/<prefix><name>`,
 * `datafree-plugin-<name>` and `<name>` itself, then a file. Packages and files are looked up from the working
 * directory. The default export of the module is the factory, or the plugin itself when it takes no options.
 *
 * @throws `plugin-not-found`; `plugin-failed` when its module cannot be loaded; `plugin-invalid` without a default export
 */
export async function findPlugin(name: string, source: PluginSource, folder = process.cwd()): Promise<Factory> {
  const builtin = Object.hasOwn(source.builtin, name) ? source.builtin[name] : undefined;
  if (builtin !== undefined) return builtin as Factory;
  const url = locate(name, source, folder);
  if (url === undefined) {
    const builtin = `Built in: ${Object.keys(source.builtin).join(', ')}.`;
    if (isPath(name)) {
      const path = resolvePath(folder, name);
      throw new DatafreeError('plugin-not-found', `There is no ${source.kind} "${name}": no file ${path}.`, {
        plugin: name,
        path,
        hint: `Check the path, which is seen from the working directory. ${builtin}`,
      });
    }
    throw new DatafreeError('plugin-not-found', `There is no ${source.kind} "${name}".`, {
      plugin: name,
      hint: `${builtin} Otherwise give the path of a module, or install ${packagesOf(name, source).slice(0, 2).join(' or ')}.`,
    });
  }
  const found = await load(name, url);
  if (typeof found === 'function') return found as Factory;
  return (options) => {
    if (Object.keys(options).length === 0) return found;
    throw new DatafreeError('option-invalid', `${name} takes no options: it exports a ready plugin.`, {
      plugin: name,
      path: Object.keys(options)[0],
      hint: 'Export a function that takes the options and returns the plugin.',
    });
  };
}

/** True for what can be no name of a package: `./mine.mjs`, `/plugins/mine.mjs`, `mine.mjs`. */
function isPath(name: string): boolean {
  return /^[.~]|[\\]|\.[cm]?[jt]s$/.test(name) || (name.includes('/') && !/^@[^/]+\/[^/]+$/.test(name));
}

function packagesOf(name: string, { prefix }: PluginSource): string[] {
  return [`${prefix}${name}`, `datafree-plugin-${name}`, name];
}

function locate(name: string, source: PluginSource, folder: string): string | undefined {
  const base = pathToFileURL(join(folder, 'datafree.mjs')).href;
  const isPackage = /^(@[\w.-]+\/)?[\w.-]+$/.test(name) && !name.startsWith('.');
  for (const specifier of isPackage ? packagesOf(name, source) : []) {
    const found = attempt(specifier, base);
    if (found !== undefined) return found;
  }
  return attempt(pathToFileURL(resolvePath(folder, name)).href, base);
}

function attempt(specifier: string, base: string): string | undefined {
  try {
    return moduleResolve(specifier, new URL(base)).href;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const absent = ['ERR_MODULE_NOT_FOUND', 'ERR_INVALID_MODULE_SPECIFIER', 'ERR_UNSUPPORTED_DIR_IMPORT'];
    if (absent.includes(code ?? '')) return undefined;
    throw error;
  }
}

async function load(name: string, url: string): Promise<unknown> {
  let module: { readonly default?: unknown };
  try {
    module = await import(url);
  } catch (error) {
    if (isDatafreeError(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new DatafreeError('plugin-failed', `The plugin "${name}" cannot be loaded: ${message}`, {
      plugin: name,
      path: url,
      cause: error,
    });
  }
  if (module.default !== undefined) return module.default;
  throw new DatafreeError('plugin-invalid', `The plugin "${name}" has no default export.`, {
    plugin: name,
    path: url,
    hint: 'Export by default a function that takes the options and returns the plugin.',
  });
}
