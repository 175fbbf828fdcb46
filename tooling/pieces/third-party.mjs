// Packs the packages, copies the stranger's plugin to an empty folder, installs it there with npm and uses it in every
// way: type check, conformance suite, API, config, and command line, by path and by name.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, root } from './pack.mjs';
import { npmInstall, run, Steps } from './run.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'datafree-third-party-'));
const cwd = join(scratch, 'plugin');
const steps = new Steps();
try {
  cpSync(join(root, 'examples/third-party-synthesizer'), cwd, {
    recursive: true,
    filter: (path) => !/node_modules|tarballs/.test(path.slice(root.length)),
  });
  mkdirSync(join(cwd, 'tarballs'));
  await steps.step('packs', () => pack(join(cwd, 'tarballs')));
  await steps.step('installs', () => run('npm', npmInstall, { cwd }));
  await steps.step('passes the type check', () => run('npm', ['run', 'typecheck'], { cwd }));
  await steps.step('passes the conformance suite', () => run('npm', ['test'], { cwd }));
  await steps.step('runs through the API', () => run('npm', ['start'], { cwd }));
  await steps.step('runs on the command line from its config', () => compress(cwd));
  await steps.step('runs on the command line by its path', () => compress(cwd, '--method', './my-synthesizer.mjs'));

  // Another project, with the plugin as a package: the rest is found in the folders above.
  const user = join(cwd, 'user');
  await steps.step('installs as a package', () => {
    mkdirSync(user);
    run('npm', ['pack', '--pack-destination', user], { cwd });
    const dependencies = { 'datafree-plugin-noise': 'file:datafree-plugin-noise-1.0.0.tgz' };
    writeFileSync(join(user, 'package.json'), JSON.stringify({ private: true, dependencies }));
    run('npm', [...npmInstall, '--legacy-peer-deps'], { cwd: user });
    cpSync(join(cwd, 'model.onnx'), join(user, 'model.onnx'));
  });
  for (const name of ['noise', 'datafree-plugin-noise']) {
    await steps.step(`runs on the command line as ${name}`, () =>
      compress(user, '--method', name, '--bounds=-2,2', '--samples', '16'),
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(steps.failed === 0 ? 0 : 1);

/** @type {(folder: string, ...flags: string[]) => void} */
function compress(folder, ...flags) {
  const output = 'small.onnx';
  rmSync(join(folder, output), { force: true });
  const program = join(cwd, 'node_modules/datafree/bin/datafree.mjs');
  const args = [program, 'compress', 'model.onnx', '-o', output, '--json', '--quiet', ...flags];
  const written = run('node', args, { cwd: folder });
  if (JSON.parse(written).method !== 'noise') throw new Error(`It was not used:\n${written}`);
  if (!existsSync(join(folder, output))) throw new Error('It wrote no network.');
}
