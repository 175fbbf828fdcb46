// The command line as a process of its own, and what it takes.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../../packages/datafree/bin/datafree.mjs', import.meta.url));
const peak = "process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))";

/**
 * Runs `datafree … --json` to its end.
 *
 * @param {string[]} args of the command
 * @returns {{ result: object, seconds: number, peakMiB: number }} what it printed, and the most that it held at once
 */
export function datafree(...args) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(peak)}`, cli, ...args, '--json'],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(stderr);
  const peaks = [...stderr.matchAll(/^peak (\d+)$/gm)].map((match) => Number(match[1]));
  return {
    result: JSON.parse(stdout),
    seconds: (performance.now() - started) / 1000,
    peakMiB: Math.round(Math.max(...peaks) / 1024),
  };
}
