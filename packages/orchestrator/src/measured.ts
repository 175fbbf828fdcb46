import { kindOf } from '@datafree/plugin';
import { broken } from './broken.ts';

/**
 * What a metric returned.
 *
 * @throws `plugin-failed` unless it is an object of finite numbers, one at least
 */
export function measuredBy(plugin: string, value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw broken(plugin, `gave ${kindOf(value)} where an object of numbers by name is needed`);
  }
  const entries = Object.entries(value);
  if (entries.length === 0)
    throw broken(plugin, `gave ${kindOf(value)} without values where numbers by name are needed`);
  for (const [name, number] of entries) {
    if (Number.isFinite(number)) continue;
    throw broken(plugin, `gave ${kindOf(number)} as "${name}" where a finite number is needed`);
  }
  return value as Readonly<Record<string, number>>;
}
