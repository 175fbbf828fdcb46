// Publishes every package whose version the registry does not have yet: npm run release.
// With --dry-run it shows which versions the pending changesets make and what the tarballs hold, and publishes nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, root } from '../pieces/pack.mjs';
import { run } from '../pieces/run.mjs';

if (process.argv.includes('--dry-run')) showWhatWouldBePublished();
else process.exitCode = changeset('publish');

function showWhatWouldBePublished() {
  changeset('status', '--verbose');
  const scratch = mkdtempSync(join(tmpdir(), 'datafree-release-'));
  try {
    for (const { name, tarball } of pack(scratch)) {
      const { version, publishConfig } = JSON.parse(
        run('tar', ['-xzOf', tarball, 'package/package.json'], { cwd: scratch }),
      );
      const files = run('tar', ['-tzf', tarball], { cwd: scratch }).trim().split('\n');
      const kilobytes = Math.ceil(statSync(tarball).size / 1000);
      const how = publishConfig.provenance ? `${publishConfig.access}, with provenance` : publishConfig.access;
      console.log(`\n${name}@${version} (${kilobytes} kB, ${how})`);
      for (const file of files.sort()) console.log(`  ${file.replace(/^package\//, '')}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @type {(...args: string[]) => number} */
function changeset(...args) {
  const command = join(root, 'node_modules', '.bin', 'changeset');
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1;
}
