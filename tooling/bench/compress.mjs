// What the whole command costs: `datafree compress` with defaults, as a process.
//
//   pnpm bench compress [--network resnet20_cifar10]
//
// One JSON line: {"network","seconds","synthesisSeconds","calibrationSeconds","peakMiB","sameBytes","otherSeedDiffers"}.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { assets } from './shared/assets.mjs';

const { values } = parseArgs({ options: { network: { type: 'string', default: 'resnet20_cifar10' } } });
const cli = fileURLToPath(new URL('../../packages/datafree/bin/datafree.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'datafree-bench-'));
const peak = "process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))";

function compress(output, seed) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(peak)}`,
      cli,
      'compress',
      join(assets, 'models', `${values.network}.onnx`),
      '-o',
      join(folder, output),
      '--seed',
      seed,
      '--json',
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(stderr);
  const peaks = [...stderr.matchAll(/^peak (\d+)$/gm)].map((match) => Number(match[1]));
  return {
    seconds: (performance.now() - started) / 1000,
    stages: JSON.parse(stdout).seconds,
    peakMiB: Math.round(Math.max(...peaks) / 1024),
    bytes: readFileSync(join(folder, output)),
  };
}

const [first, again, other] = [compress('a.onnx', '1'), compress('b.onnx', '1'), compress('c.onnx', '2')];
rmSync(folder, { recursive: true });
const digits = (value) => Number(value.toFixed(1));
console.log(
  JSON.stringify({
    network: values.network,
    seconds: digits(first.seconds),
    synthesisSeconds: digits(first.stages.synthesis),
    calibrationSeconds: digits(first.stages.calibration),
    peakMiB: first.peakMiB,
    sameBytes: first.bytes.equals(again.bytes),
    otherSeedDiffers: !first.bytes.equals(other.bytes),
  }),
);
