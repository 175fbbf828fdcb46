// Runs conformance suites under every test runner that they are said to work with, and sees each of them fail for a
// plugin that is broken.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from './markdown.mjs';
import { root } from './pack.mjs';
import { run } from './run.mjs';

/** Packages of the runners that do not come with Node. */
export const runnerPackages = { jest: '30', vitest: '4.1' };

/** How each runner is started on a file. @type {Record<string, (file: string) => [string, string[]]>} */
const starts = {
  'node:test': (file) => ['node', ['--test', file]],
  vitest: (file) => ['vitest', ['run', file]],
  '@jest/globals': (file) => [
    'node',
    ['--experimental-vm-modules', '../node_modules/jest/bin/jest.js', '--rootDir=.', '--testMatch', `**/${file}`],
  ],
};

/** Names of the runners, as their functions are imported. */
export const runners = Object.keys(starts);

/**
 * Runs the suites of a synthesizer, a quantizer and a metric under a runner: they pass, and a broken plugin does not.
 *
 * @param {string} project where the packages and the runners are installed
 * @param {string} runner
 */
export function runUnder(project, runner) {
  const cwd = join(project, 'runners');
  mkdirSync(cwd, { recursive: true });
  const readme = readFileSync(join(root, 'packages/testkit/README.md'), 'utf8');
  for (const { file, code } of codeBlocks(readme)) if (file !== '') writeFileSync(join(cwd, file), code);
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ type: 'module', jest: { testEnvironment: './jest-environment.mjs', transform: {} } }),
  );
  const write = (/** @type {string} */ file, /** @type {string} */ suites) =>
    writeFileSync(
      join(cwd, file),
      `import { describe, it } from '${runner}';
import { metricSuite, quantizerSuite, synthesizerSuite } from '@datafree/testkit';
import { gaussian, ort, quantizer, similarity } from 'datafree';
const runtime = ort();
${suites}
`,
    );
  const name = runner.replace(/\W/g, '');
  write(
    `${name}.test.mjs`,
    `synthesizerSuite({ describe, it }, gaussian, { runtime });
quantizerSuite({ describe, it }, quantizer, { runtime });
metricSuite({ describe, it }, similarity, { runtime });`,
  );
  write(
    `${name}-broken.test.mjs`,
    `const seedless = (options) => {
  const right = gaussian(options);
  return { ...right, synthesize: (model, request, context) => right.synthesize(model, request, { ...context, seed: 1 }) };
};
synthesizerSuite({ describe, it }, seedless, { runtime });`,
  );
  const start = starts[runner];
  if (start === undefined) throw new Error(`There is no runner ${runner}.`);
  run(...start(`${name}.test.mjs`), { cwd });
  let output = '';
  try {
    run(...start(`${name}-broken.test.mjs`), { cwd });
  } catch (error) {
    output = String(error);
  }
  if (!/gives other bytes for another seed/.test(output)) throw new Error(`A broken plugin passes.\n${output}`);
}
