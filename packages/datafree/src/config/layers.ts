import type { Settings } from './schema.ts';

/** Ways to say how pixels become the input, of which one can be given. */
const inputWays: readonly (readonly (keyof Settings)[])[] = [
  ['preprocess'],
  ['mean', 'std', 'range'],
  ['dequantize'],
  ['bounds'],
];

/** Ways to say how many samples are made. */
const countWays: readonly (readonly (keyof Settings)[])[] = [['samples'], ['samplesPerClass']];

/** Ways to say how many bits weights have. */
const bitWays: readonly (readonly (keyof Settings)[])[] = [['weights'], ['budget'], ['operationsBudget']];

/** Settings that hold options by their names. */
export const optionSettings = [
  'option',
  'quantizerOption',
  'finetuneOption',
  'methodOption',
  'metricOption',
  'runtimeOption',
] as const satisfies (keyof Settings)[];

/** Plugins that are named by one setting and whose options are in another. */
const chosen = [
  ['method', 'option'],
  ['quantizer', 'quantizerOption'],
  ['finetuneMethod', 'finetuneOption'],
  ['runtime', 'runtimeOption'],
] as const satisfies [keyof Settings, keyof Settings][];

/** Lists of plugins, and where the options of each are. */
const listed = [
  ['methods', 'methodOption'],
  ['metrics', 'metricOption'],
] as const satisfies [keyof Settings, keyof Settings][];

/** Settings without the options of plugins that a list above them leaves out. */
export function narrowed(base: Settings, top: Settings): Settings {
  const kept: Settings = { ...base };
  for (const [list, options] of listed) {
    const [names, own] = [top[list], base[options]];
    if (names === undefined || own === undefined) continue;
    kept[options] = Object.fromEntries(Object.entries(own).filter(([name]) => names.includes(name)));
  }
  return kept;
}

/**
 * Settings that those above them make meaningless: options of another plugin, another way to say how pixels become the
 * input, how many samples are made or how many bits weights have.
 *
 * @param top what was set above, and the names of the plugins in it
 */
export function displaced(
  base: Settings,
  top: { readonly names: ReadonlySet<string>; readonly plugins: Settings },
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [plugin, options] of chosen) {
    const [own, other] = [top.plugins[plugin], base[plugin]];
    if (own !== undefined && other !== undefined && own !== other) names.add(options);
  }
  for (const ways of [inputWays, countWays, bitWays]) {
    const way = ways.find((names) => names.some((name) => top.names.has(name)));
    if (way !== undefined) for (const name of ways.flat()) if (!way.includes(name)) names.add(name);
  }
  return names;
}

/** Settings over other settings: the upper ones win; options of plugins are joined name by name. */
export function over(base: Settings, top: Settings): Settings {
  const set = Object.entries(top).filter(([, value]) => value !== undefined);
  const gone = displaced(base, { names: new Set(set.map(([name]) => name)), plugins: top });
  const kept = Object.fromEntries(Object.entries(narrowed(base, top)).filter(([name]) => !gone.has(name))) as Settings;
  const joined = optionSettings
    .filter((name) => kept[name] !== undefined && top[name] !== undefined)
    .map((name) => [name, { ...kept[name], ...top[name] }]);
  return { ...kept, ...Object.fromEntries([...set, ...joined]) };
}
