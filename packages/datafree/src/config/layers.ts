import type { Settings } from './schema.ts';

/** Ways to say how pixels become the input, of which one can be given. */
const inputWays: readonly (readonly (keyof Settings)[])[] = [
  ['preprocess'],
  ['mean', 'std', 'range'],
  ['dequantize'],
  ['bounds'],
];

/** Settings that hold options by their names. */
export const optionSettings = ['option', 'finetuneOption', 'methodOption'] as const satisfies (keyof Settings)[];

/**
 * Settings that those above them make meaningless: options of another method, another way to say how pixels become the
 * input.
 *
 * @param top what was set above, and the method if it was
 */
export function displaced(
  base: Settings,
  top: { readonly names: ReadonlySet<string>; readonly method: string | undefined },
): ReadonlySet<string> {
  const names = new Set<string>();
  if (top.method !== undefined && base.method !== undefined && top.method !== base.method) names.add('option');
  const way = inputWays.find((names) => names.some((name) => top.names.has(name)));
  if (way !== undefined) for (const name of inputWays.flat()) if (!way.includes(name)) names.add(name);
  return names;
}

/** Settings over other settings: the upper ones win; options of plugins are joined name by name. */
export function over(base: Settings, top: Settings): Settings {
  const set = Object.entries(top).filter(([, value]) => value !== undefined);
  const gone = displaced(base, { names: new Set(set.map(([name]) => name)), method: top.method });
  const kept = Object.fromEntries(Object.entries(base).filter(([name]) => !gone.has(name))) as Settings;
  const joined = optionSettings
    .filter((name) => kept[name] !== undefined && top[name] !== undefined)
    .map((name) => [name, { ...kept[name], ...top[name] }]);
  return { ...kept, ...Object.fromEntries([...set, ...joined]) };
}
