// Which package may import which: imports go down the floors, never up or sideways. Tests may import anything.
const methods = ['synth-[^/]+', 'quantizer', 'finetuner', 'reconstruct', 'similarity'];
const runtimes = ['runtime-[^/]+'];

/** @type {[importer: string[], allowed: string[]][]} */
const floors = [
  [['plugin'], []],
  [['core'], ['plugin']],
  [
    ['onnx', 'data', 'inversion', 'student'],
    ['plugin', 'core'],
  ],
  [runtimes, ['plugin', 'core', 'onnx']],
  [['synth-[^/]+'], ['plugin', 'core', 'onnx', 'inversion']],
  [
    ['quantizer', 'similarity'],
    ['plugin', 'core', 'onnx'],
  ],
  [
    ['finetuner', 'reconstruct'],
    ['plugin', 'core', 'onnx', 'inversion', 'student'],
  ],
  [['orchestrator'], ['plugin', 'core']],
  [['testkit'], ['plugin', 'core', 'onnx', 'data', 'inversion']],
];

const tests = '[.]test[.]ts$|/src/testing/';
const folder = (names) => `^packages/(${names.join('|')})/`;

module.exports = {
  forbidden: [
    ...floors.map(([importers, allowed]) => ({
      name: `floor-of-${importers.map((name) => name.replace('[^/]+', '*')).join('-')}`,
      comment: `may import only ${allowed.join(', ') || 'nothing'} from this repository`,
      severity: 'error',
      from: { path: folder(importers), pathNot: tests },
      // $1 is the importing package itself.
      to: {
        path: '^(packages|examples|tooling)/',
        pathNot: [...(allowed.length ? [folder(allowed)] : []), '^packages/$1/'],
      },
    })),
    {
      name: 'nothing-imports-an-example',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(examples|tooling)/' },
    },
    {
      name: 'no-file-system',
      comment: 'a method is handed everything it needs in its context',
      severity: 'error',
      from: { path: folder([...methods, 'inversion', 'student', 'core', 'plugin', 'orchestrator']), pathNot: tests },
      to: { path: '^(node:)?fs(/promises)?$', dependencyTypes: ['core'] },
    },
    {
      name: 'no-circular',
      comment:
        'types may refer to each other, and operators whose derivatives are each other (sin and cos); values may not',
      severity: 'error',
      from: { pathNot: `${tests}|^packages/core/src/ops/` },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    exclude: { path: '(^|/)(dist|node_modules)/|/tsup[.]config[.]ts$|^examples/third-party-synthesizer/' },
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['datafree-source', 'node', 'import', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
