// Publishes every package whose version the registry does not have. With --dry-run it shows what would be published and
// does nothing.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const dry = process.argv.includes('--dry-run');

/** @type {(command: string, ...args: string[]) => number} */
function attempt(command, ...args) {
  console.log(`$ ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1;
}

// Tells which packages the pending changesets raise, and to what.
attempt('changeset', 'status', '--verbose');
const publish = ['-r', 'publish', '--access', 'public', ...(dry ? ['--dry-run', '--no-git-checks'] : [])];
process.exitCode = attempt('pnpm', ...publish);
