// Reads a package's README and makes it what the schemas say.
import { readdirSync, readFileSync } from 'node:fs';
import { plugins } from './plugins.mjs';
import { commentsIn, withTables } from './table.mjs';

const packages = new URL('../../packages/', import.meta.url);

/**
 * @param {keyof typeof plugins} folder of the package
 * @param {Record<string, any>} module what the package exports
 * @returns {{ url: URL, now: string, wanted: string }} the README as it is and as it should be
 */
export function readme(folder, module) {
  const { schemas, sources } = plugins[folder];
  const url = new URL(`${folder}/README.md`, packages);
  const now = readFileSync(url, 'utf8');
  const texts = [
    readFileSync(new URL(`${folder}/src/options.ts`, packages), 'utf8'),
    ...sources.flatMap((source) => {
      const place = new URL(`${source}/`, packages);
      return readdirSync(place).map((name) => readFileSync(new URL(name, place), 'utf8'));
    }),
  ];
  const chosen = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, module[schema]]));
  const presets = Object.fromEntries(
    Object.entries(chosen).map(([name, schema]) => [name, presetsOf(schema, module[name])]),
  );
  return { url, now, wanted: withTables(now, chosen, commentsIn(texts), presets) };
}

/** What each preset of a plugin comes to, told by the plugin itself. */
function presetsOf(schema, plugin) {
  const names = schema.entries.preset?.wrapped.options ?? [];
  return Object.fromEntries(names.map((preset) => [preset, plugin({ preset }).options]));
}
