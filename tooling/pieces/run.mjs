// Runs commands and collects what fails.
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

/**
 * Runs a command to its end. Commands of the workspace are found.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string }} options
 * @returns {string} what it wrote
 * @throws an Error that holds what it wrote, when it fails
 */
export function run(command, args, { cwd }) {
  const local = join(cwd, 'node_modules', '.bin');
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: [local, bin, process.env.PATH].join(delimiter), NO_COLOR: '1' },
    maxBuffer: 2 ** 28,
  });
  const output = `${stdout ?? ''}${stderr ?? ''}`;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error?.message ?? ''}${output}`);
  return output;
}

/** Flags of every npm install: no network where the cache has it, nothing but the packages. */
export const npmInstall = [
  'install',
  '--prefer-offline',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/** Named steps: each is tried, a failure is told and counted. */
export class Steps {
  failed = 0;

  /** @type {(name: string, work: () => unknown) => Promise<void>} */
  async step(name, work) {
    const start = Date.now();
    const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
    try {
      await work();
      console.log(`ok   ${name} (${seconds()})`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAIL ${name} (${seconds()})\n${error instanceof Error ? error.message : error}`);
    }
  }
}
