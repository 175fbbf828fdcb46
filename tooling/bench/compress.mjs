// What the whole command costs: `datafree compress` with defaults, as a process.
//
//   pnpm bench compress [--network resnet20_cifar10]
//
// One JSON line: {"network","seconds","synthesisSeconds","calibrationSeconds","peakMiB","sameBytes","otherSeedDiffers"}.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { round } from './shared/accuracy.mjs';
import { assets } from './shared/assets.mjs';
import { datafree } from './shared/command.mjs';

const { values } = parseArgs({ options: { network: { type: 'string', default: 'resnet20_cifar10' } } });
const model = join(assets, 'models', `${values.network}.onnx`);
const folder = mkdtempSync(join(tmpdir(), 'datafree-bench-'));

function compress(name, seed) {
  const output = join(folder, name);
  return { ...datafree('compress', model, '-o', output, '--seed', seed), bytes: readFileSync(output) };
}

const [first, again, other] = [compress('a.onnx', '1'), compress('b.onnx', '1'), compress('c.onnx', '2')];
rmSync(folder, { recursive: true });
console.log(
  JSON.stringify({
    network: values.network,
    seconds: round(first.seconds, 1),
    synthesisSeconds: round(first.result.seconds.synthesis, 1),
    calibrationSeconds: round(first.result.seconds.calibration, 1),
    peakMiB: first.peakMiB,
    sameBytes: first.bytes.equals(again.bytes),
    otherSeedDiffers: !first.bytes.equals(other.bytes),
  }),
);
