import { isDeepStrictEqual } from 'node:util';
import type { Model } from '@datafree/plugin';

/**
 * Remembers all of a network, to the last weight.
 *
 * @returns what tells the fields of the network that are not as they were
 */
export function snapshot(model: Model): { readonly changed: () => readonly string[] } {
  const before = new Map(Object.entries(structuredClone(model)));
  return {
    changed: () => {
      const after = new Map(Object.entries(structuredClone(model)));
      const names = new Set([...before.keys(), ...after.keys()]);
      return [...names].filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
    },
  };
}
