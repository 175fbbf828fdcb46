// Runs one measurement: `pnpm bench engine`. Each prints one JSON line a case and needs the packages to be built.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const [name, ...args] = process.argv.slice(2);
const file = `${here}${name}.mjs`;
if (name === undefined || name === 'bench' || !existsSync(file)) {
  const names = readdirSync(here).filter((entry) => entry.endsWith('.mjs') && entry !== 'bench.mjs');
  console.error(`usage: pnpm bench <${names.map((entry) => entry.replace('.mjs', '')).join(' | ')}>`);
  process.exit(2);
}
process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
await import(file);
