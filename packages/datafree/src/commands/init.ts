import { writeFileAtomic } from '@datafree/data';
import { DatafreeError } from '@datafree/plugin';
import { Command } from 'commander';
import { whole } from '../arguments/values.ts';
import { findConfig } from '../config/load.ts';
import { openConsole } from '../console/console.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly seed?: number;
  readonly threads?: number;
}

/** The file that `init` writes. */
const name = 'datafree.config.ts';

/** `datafree init`: a config to start from. */
export function initCommand(terminal: Terminal): Command {
  return new Command('init')
    .description(`write a ${name} to start from`)
    .option('--seed <number>', 'seed of all randomness, written into the config', whole('seed', 0, 2 ** 32 - 1))
    .option('--threads <number>', 'threads to compute with, written into the config', whole('threads', 1, 1024))
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
  await writeFileAtomic(name, contentFor(options));
  openConsole(terminal, { ...options, seed: 0 }).result({ output: name }, `Wrote ${name}.`);
}

function contentFor({ seed, threads }: Options): string {
  return `import { defineConfig } from 'datafree';

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

  // Every command.
  ${setting('seed', seed ?? 0, seed !== undefined)}
  ${setting('threads', threads ?? 4, threads !== undefined)}
});
`;
}

/** A setting; one that was not given is left as a comment. */
function setting(name: string, value: number, given: boolean): string {
  return `${given ? '' : '// '}${name}: ${value},`;
}
