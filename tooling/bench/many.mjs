// What few and many samples cost, made, calibrated with and learned from by commands, each a process.
//
//   pnpm bench many [--counts 10,512,40000] [--iterations 5] [--steps 20]
//
// One JSON line a count: {"count","synthesis","reconstruction","distillation"}, each {"seconds","peakMiB"}. Iterations and
// steps are few: memory does not depend on how many there are.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { round } from './shared/accuracy.mjs';
import { assets } from './shared/assets.mjs';
import { datafree } from './shared/command.mjs';

const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '10,512,40000' },
    iterations: { type: 'string', default: '5' },
    steps: { type: 'string', default: '20' },
  },
});
const model = join(assets, 'models', 'resnet20_cifar10.onnx');

for (const count of values.counts.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'datafree-bench-'));
  const samples = join(folder, 'samples');
  const costs = (...args) => {
    const { seconds, peakMiB } = datafree(...args);
    return { seconds: round(seconds, 1), peakMiB };
  };
  const learned = (learner) =>
    costs(
      ...['compress', model, '-o', join(folder, `${learner}.onnx`), '--calibrate-with', samples],
      ...['--weights', '4', '--activations', '4'],
      ...['--finetune', '--finetune-method', learner, '--finetune-steps', values.steps],
    );
  const line = {
    count: Number(count),
    synthesis: costs(
      'synthesize',
      model,
      '-o',
      samples,
      '--samples',
      count,
      '--option',
      `iterations=${values.iterations}`,
    ),
    reconstruction: learned('reconstruct'),
    distillation: learned('distil'),
  };
  console.log(JSON.stringify(line));
  rmSync(folder, { recursive: true });
}
