import { writeFileAtomic } from '@datafree/data';
import { DatafreeError } from '@datafree/plugin';
import { Command } from 'commander';
import { findConfig } from '../config/load.ts';
import { openConsole } from '../console/console.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The file that `init` writes. */
const name = 'datafree.config.ts';

/** `datafree init`: a config to start from. */
export function initCommand(terminal: Terminal): Command {
  return new Command('init')
    .description(`write a ${name} to start from`)
    .option('--json', 'print the result as JSON', false)
    .option('--quiet', 'no progress and no warnings', false)
    .helpOption('-h, --help', 'show this help')
    .action((options: Options) => run(terminal, options));
}

/** @throws `output-exists`, `output-unwritable` */
async function run(terminal: Terminal, options: Options): Promise<void> {
  const found = await findConfig(process.cwd());
  if (found !== undefined) {
    throw new DatafreeError('output-exists', `${found} exists already.`, {
      path: found,
      hint: 'Change that file, or delete it first.',
    });
  }
  await writeFileAtomic(name, content);
  openConsole(terminal, { ...options, seed: 0 }).result({ output: name }, `Wrote ${name}.`);
}

const content = `import { defineConfig } from 'datafree';

// Settings under the names of the command line's flags, which win over them: --first-last is firstLast.
export default defineConfig({
  // Configs that this one extends, or paths of their files; later ones win.
  // extends: ['./presets/cifar10.config.ts'],

  // How pixels become the network's input.
  preprocess: 'imagenet',

  // How samples are made.
  method: 'bns',
  samples: 256,
  // option: { iterations: 500 },

  // How the network is quantised.
  weights: 8,
  activations: 8,
  // firstLast: '8/8',

  // Fine-tuning after calibration, for few bits.
  finetune: false,
  finetunePreset: 'fast',

  // What datafree compare runs.
  methods: ['gaussian', 'inception', 'bns', 'bns+inception'],
  bits: ['8/8', '4/4'],
  seeds: 3,
});
`;
