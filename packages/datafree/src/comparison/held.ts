import { randomBytes } from 'node:crypto';
import { isRunning } from '@datafree/data';

/** Names that work of this process holds. */
const own = new Set<string>();

const pattern = /^(.+)\.(\d+)-[0-9a-f]{12}(\.[a-z]+)$/;

/**
 * A name that no other work has: `a.run` becomes `a.PROCESS-RANDOM.run`. Others see by it whether the work is still
 * being done.
 *
 * @param extension with its dot
 */
export function hold(stem: string, extension: string): string {
  const name = `${stem}.${process.pid}-${randomBytes(6).toString('hex')}${extension}`;
  own.add(name);
  return name;
}

/** Ends what {@link hold} began. */
export function letGo(name: string): void {
  own.delete(name);
}

/** True for a name of work that this or another process on this machine is at. */
export function isHeld(name: string): boolean {
  const worker = pattern.exec(name)?.[2];
  if (worker === undefined) return false;
  return Number(worker) === process.pid ? own.has(name) : isRunning(Number(worker));
}

/** The name that work of the same kind has when nobody is at it: `a.run` of `a.PROCESS-RANDOM.run`. */
export function freeName(name: string): string {
  return name.replace(pattern, '$1$3');
}
