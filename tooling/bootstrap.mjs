// Runs a root script on a machine that has only Node and git: finds the pinned pnpm, installs, builds, then runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.datafree-installed');
const windows = process.platform === 'win32';
const pin = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.split('@')[1];

const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
  // A pnpm of another version is left alone rather than asked to download the pinned one.
  npm_config_manage_package_manager_versions: 'false',
};

function spawn(command, args, stdio) {
  return spawnSync(command, args, { cwd: root, env, stdio, shell: windows, encoding: 'utf8' });
}

function attempt(command, args) {
  const { status, error } = spawn(command, args, 'inherit');
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

function run(command, args) {
  const status = attempt(command, args);
  if (status !== 0) process.exit(status);
}

function pnpm(...args) {
  const found = spawn('pnpm', ['--version'], 'pipe');
  if (found.status === 0 && found.stdout.trim() === pin) run('pnpm', args);
  else run('npx', ['-y', `pnpm@${pin}`, ...args]);
}

function install() {
  const fingerprint = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) fingerprint.update(readFileSync(join(root, file)));
  const wanted = fingerprint.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  pnpm('install', '--frozen-lockfile', '--config.confirmModulesPurge=false');
  writeFileSync(stamp, wanted);
}

function turbo(task, args = []) {
  if (task === 'build') console.log('Building all packages: some minutes, seconds when nothing has changed.');
  return attempt('turbo', ['run', task, '--output-logs=errors-only', ...args]);
}

const [task, ...rest] = process.argv.slice(2);
switch (task) {
  case 'install':
    install();
    break;
  case 'build':
  case 'typecheck':
    install();
    process.exitCode = turbo(task, rest);
    break;
  case 'test': {
    install();
    // Most tests read the sources: a package that does not build fails the run, but hides no result.
    const built = turbo('build', ['--continue']);
    run('vitest', ['run', ...rest]);
    process.exitCode = built;
    break;
  }
  case 'quickstart':
    install();
    if (turbo('build') !== 0) process.exit(1);
    run(process.execPath, [join('examples', 'quickstart', 'run.mjs'), ...rest]);
    break;
  default:
    console.error('usage: node tooling/bootstrap.mjs install | build | typecheck | test | quickstart');
    process.exit(2);
}
