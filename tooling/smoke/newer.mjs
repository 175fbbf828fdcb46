// Runs the smoke test on other versions of Node: node tooling/smoke/newer.mjs 22 24
import { fileURLToPath } from 'node:url';
import { run } from '../pieces/run.mjs';

const cwd = fileURLToPath(new URL('.', import.meta.url));
for (const version of process.argv.slice(2)) {
  process.stdout.write(run('npx', ['--yes', `node@${version}`, 'smoke.mjs'], { cwd }));
}
