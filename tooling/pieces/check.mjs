// Installs every public package alone into an empty project and uses it there, as a stranger would: imported from
// JavaScript and from strict TypeScript; then runs the examples of the READMEs and of the guide, and the conformance
// suites under every test runner, in one project that has them all.
//
//   node tooling/pieces/check.mjs [name…]    all packages, or those of these folders (and no guide and no suites)
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeBlocks } from './markdown.mjs';
import { pack, root } from './pack.mjs';
import { npmInstall, run, Steps } from './run.mjs';
import { runnerPackages, runners, runUnder } from './runners.mjs';

const wanted = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'datafree-pieces-'));
const steps = new Steps();

/** Packages that must not come with a piece, whatever it depends on. */
const unwanted = {
  core: ['datafree', 'onnxruntime-node', 'onnxruntime-common'],
  similarity: ['datafree', 'commander', 'cli-progress', 'onnxruntime-node'],
};

/** Peers that an example needs beside the pieces. */
const peers = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm'];

try {
  const tarballs = join(scratch, 'tarballs');
  mkdirSync(tarballs);
  const pieces = pack(tarballs);
  const tarballOf = new Map(pieces.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const chosen = pieces.filter(({ folder }) => wanted.length === 0 || wanted.includes(folder));

  for (const { name, folder, tarball, needs } of chosen) {
    const project = join(scratch, folder);
    await steps.step(`${name}: installs alone`, () => {
      const overrides = Object.fromEntries(needs.map((other) => [other, tarballOf.get(other)]));
      install(project, { [name]: `file:${tarball}` }, overrides);
      const there = installed(project).filter((other) => unwanted[folder]?.includes(other));
      if (there.length > 0) throw new Error(`It brings ${there.join(' and ')}.`);
      const strange = installed(project).filter(
        (other) => tarballOf.has(other) && other !== name && !needs.includes(other),
      );
      if (strange.length > 0) throw new Error(`It brings ${strange.join(' and ')}, which it does not depend on.`);
    });
    await steps.step(`${name}: imports from JavaScript`, () => {
      writeFileSync(join(project, 'import.mjs'), `import * as piece from '${name}';\nconsole.log(typeof piece);\n`);
      run('node', ['import.mjs'], { cwd: project });
    });
    for (const [module, moduleResolution] of [
      ['node16', 'node16'],
      ['esnext', 'bundler'],
    ]) {
      await steps.step(`${name}: imports from TypeScript, ${moduleResolution}`, () =>
        compile(project, name, { module, moduleResolution }),
      );
    }
    rmSync(project, { recursive: true, force: true });
  }

  const all = join(scratch, 'all');
  await steps.step('all pieces install together', () => {
    const versions = JSON.parse(
      readFileSync(join(root, 'packages/runtime-tfjs/package.json'), 'utf8'),
    ).peerDependencies;
    const extra = Object.fromEntries(peers.map((name) => [name, versions[name]]));
    const testing = wanted.length === 0 ? runnerPackages : {};
    install(all, { ...Object.fromEntries(tarballOf), ...extra, ...testing }, {});
    writeStage(all);
  });
  for (const { name, folder } of chosen) {
    await steps.step(`${name}: the example of its README runs`, () => {
      const readme = readFileSync(join(root, 'packages', folder, 'README.md'), 'utf8');
      const example = codeBlocks(readme).find(({ language }) => language === 'js');
      if (example === undefined) throw new Error('Its README has no example.');
      runExample(all, `readme-${folder}`, example);
    });
  }
  if (wanted.length === 0) {
    for (const runner of runners) {
      await steps.step(`the conformance suites run under ${runner}`, () => runUnder(all, runner));
    }
    await steps.step('the guide docs/write-a-plugin.md runs', () => {
      const guide = join(all, 'guide');
      mkdirSync(guide);
      runGuide(guide, readFileSync(join(root, 'docs/write-a-plugin.md'), 'utf8'));
    });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (steps.failed > 0) console.log(`${steps.failed} failed`);
process.exit(steps.failed === 0 ? 0 : 1);

/** @type {(project: string, dependencies: object, overrides: object) => void} */
function install(project, dependencies, overrides) {
  mkdirSync(project);
  const manifest = { name: 'empty', version: '1.0.0', private: true, type: 'module', dependencies, overrides };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  run('npm', npmInstall, { cwd: project });
}

/** Names of the packages at the top of a project. @type {(project: string) => string[]} */
function installed(project) {
  const modules = join(project, 'node_modules');
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((own) => `${name}/${own}`) : [name],
    );
}

/** @type {(project: string, name: string, options: object) => void} */
function compile(project, name, options) {
  writeFileSync(
    join(project, 'import.ts'),
    `import * as piece from '${name}';\nexport const names: readonly string[] = Object.keys(piece);\n`,
  );
  const compilerOptions = {
    // With the libraries that TypeScript takes by itself, those of browsers included: onnxruntime's types need them.
    target: 'ES2022',
    // The types of Node, which every project for Node has.
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['import.ts'] }));
  run('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { cwd: project });
}

/** Files that examples may read: networks, `samples/` and `photographs/`. @type {(project: string) => void} */
function writeStage(project) {
  cpSync(join(root, 'tooling/pieces/stage.mjs'), join(project, 'stage.mjs'));
  run('node', ['stage.mjs'], { cwd: project });
}

/** @type {(project: string, name: string, example: import('./markdown.mjs').CodeBlock) => void} */
function runExample(project, name, { code }) {
  const folder = join(project, name);
  mkdirSync(folder);
  for (const file of ['model.onnx', 'resnet20.onnx', 'samples', 'photographs']) {
    cpSync(join(project, file), join(folder, file), { recursive: true });
  }
  writeFileSync(join(folder, 'example.mjs'), code);
  run('node', ['example.mjs'], { cwd: folder });
}

/** Writes the files of a guide, then runs its programs and commands in their order. @type {(folder: string, guide: string) => void} */
function runGuide(folder, guide) {
  const blocks = codeBlocks(guide);
  for (const { file, code } of blocks) if (file !== '') writeFileSync(join(folder, file), code);
  for (const { language, file, code } of blocks) {
    if (file.endsWith('.test.mjs')) run('node', ['--test', file], { cwd: folder });
    else if (file.endsWith('.mjs')) run('node', [file], { cwd: folder });
    else if (file.endsWith('.json')) continue;
    else if (language === 'sh') for (const line of code.trim().split('\n')) run('sh', ['-c', line], { cwd: folder });
    else if (file === '' && language !== 'text') throw new Error(`A block of ${language} has no file name:\n${code}`);
  }
}
