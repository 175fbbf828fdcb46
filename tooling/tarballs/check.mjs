// Packs every public package as it would be published and checks the tarball with publint and attw, its size,
// and that the licence is in it: pnpm takes that of the repository where a package has none of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));
/** A tarball over this size holds something that it should not. */
const mostBytes = 200_000;

const tarballs = mkdtempSync(join(tmpdir(), 'datafree-tarballs-'));

function run(cwd, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}` };
}

let failed = 0;
try {
  for (const folder of readdirSync(packages).sort()) {
    const cwd = join(packages, folder);
    const manifest = join(cwd, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name, version, private: hidden } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (hidden) continue;
    const tarball = join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    const steps = [
      ['pnpm', 'pack', '--pack-destination', tarballs],
      ['publint', 'run', tarball, '--strict'],
      ['attw', tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'],
    ];
    const broken = steps.map((step) => [step[0], run(cwd, ...step)]).filter(([, result]) => !result.ok);
    const listed = run(cwd, 'tar', '-tzf', tarball);
    if (!listed.output.split('\n').some((line) => line.trim() === 'package/LICENSE')) {
      broken.push(['licence', { ok: false, output: `There is no LICENSE in it.\n${listed.ok ? '' : listed.output}` }]);
    }
    const bytes = existsSync(tarball) ? statSync(tarball).size : 0;
    if (bytes > mostBytes) broken.push(['size', { ok: false, output: `It is over ${mostBytes} bytes.` }]);
    console.log(`${broken.length === 0 ? 'ok  ' : 'FAIL'} ${name}, ${Math.ceil(bytes / 1000)} kB`);
    for (const [command, { output }] of broken) console.log(`--- ${command}\n${output}`);
    if (broken.length > 0) failed += 1;
  }
} finally {
  rmSync(tarballs, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
