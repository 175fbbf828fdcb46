// Writes the tables of options into the READMEs of the plugin packages, from the built packages.
// With --check it writes nothing and fails when one is stale.
import { writeFileSync } from 'node:fs';
import { plugins } from './plugins.mjs';
import { readme } from './readme.mjs';

for (const folder of Object.keys(plugins)) {
  const { url, now, wanted } = readme(folder, await import(`../../packages/${folder}/dist/index.js`));
  if (now === wanted) continue;
  if (process.argv.includes('--check')) {
    console.error(`packages/${folder}/README.md is stale: npm run docs:options`);
    process.exitCode = 1;
  } else writeFileSync(url, wanted);
}
