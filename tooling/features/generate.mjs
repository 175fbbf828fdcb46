// Prints the table of operators, from the built packages: node tooling/features/generate.mjs > FEATURES.md
// With --check it prints nothing and fails when the committed FEATURES.md says something else.
import { readFileSync } from 'node:fs';
import * as core from '../../packages/core/dist/index.js';
import { kernelOf } from '../../packages/quantizer/dist/index.js';
import { features } from './features.mjs';

const text = features(core, kernelOf);
if (!process.argv.includes('--check')) {
  process.stdout.write(text);
} else if (readFileSync(new URL('../../FEATURES.md', import.meta.url), 'utf8') !== text) {
  console.error('FEATURES.md is stale: node tooling/features/generate.mjs > FEATURES.md');
  process.exitCode = 1;
}
