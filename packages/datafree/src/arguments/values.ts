import { DatafreeError } from '@datafree/plugin';
import { UsageError } from '../usageError.ts';

/** Turns the text of an argument into a value. @throws `option-invalid` */
export type Parser<T> = (text: string) => T;

/** A whole number from `low` to `high`. */
export function whole(name: string, low: number, high = Number.MAX_SAFE_INTEGER): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    const range = high === Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`;
    throw invalid(name, text, `a whole number ${range}`);
  };
}

/** A finite number. @param hundred what stands for 100 per cent */
export function number(name: string, hundred = 100): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    const part = text.endsWith('%') ? (Number(text.slice(0, -1)) * hundred) / 100 : Number.NaN;
    throw invalid(name, text, 'a number', Number.isNaN(part) ? undefined : `Give ${part} for ${text}.`);
  };
}

/** A number of bits: how many can be taken is up to the quantizer. */
export function bits(name: string): Parser<number> {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text);
    throw invalid(name, text, 'a whole number of bits; the built-in quantizer takes 2 to 8');
  };
}

/** Numbers with commas between them. @param count how many, if that is fixed */
export function numbers(name: string, count?: number): Parser<number[]> {
  return (text) => {
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (values.every(Number.isFinite) && (count === undefined || values.length === count)) return values;
    throw invalid(name, text, `${count === undefined ? 'numbers' : `${count} numbers`} with commas between them`);
  };
}

/** Two numbers, the lower one first, with a comma between them. */
export function interval(name: string): Parser<number[]> {
  const parse = numbers(name, 2);
  return (text) => {
    const [low, high] = parse(text) as [number, number];
    if (low < high) return [low, high];
    throw invalid(name, text, 'low,high with low < high');
  };
}

/** A shape: whole numbers from 1 with commas or × between them. */
export function shape(name: string): Parser<number[]> {
  return (text) => {
    const sizes = text.split(/[,x×]/).map(Number);
    if (sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
    throw invalid(name, text, 'sizes with commas between them: 32,32,3');
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(name: string, words: readonly T[]): Parser<T> {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw invalid(name, text, `one of ${words.join(', ')}`);
  };
}

/**
 * A path. What looks like a flag is taken for one whose value was forgotten; such a file can be given as ./--name.
 *
 * @throws `option-invalid`
 */
export function path(name: string): Parser<string> {
  return (text) => {
    if (text === '') throw new DatafreeError('option-invalid', `--${name}: the path is empty.`, { path: name });
    if (text.startsWith('--')) throw new UsageError(`--${name} lacks its value.`, { path: name });
    return text;
  };
}

/** Collects the values of an option that is given several times. */
export function repeated<T>(parser: Parser<T>): (text: string, previous: readonly T[] | undefined) => readonly T[] {
  return (text, previous = []) => [...previous, parser(text)];
}

/** A value for a plugin's option, and the names that lead to it. */
export type Assignment = readonly [path: readonly string[], value: unknown];

/**
 * A plugin's option: `name=value`. The value is read as JSON where it is JSON (numbers, true, lists) and as text
 * otherwise, but for what begins as a list or an object, which must be JSON; dots in the name reach into objects.
 */
export function assignment(name: string): Parser<Assignment> {
  return (text) => {
    const split = text.indexOf('=');
    const path = text.slice(0, split).split('.');
    if (split < 1 || path.some((part) => part === '' || part === '__proto__')) {
      throw invalid(name, text, 'name=value', `Write --${name} ${split < 0 && text !== '' ? text : 'name'}=value.`);
    }
    const value = text.slice(split + 1);
    try {
      return [path, JSON.parse(value)];
    } catch {
      if (!/^[[{]/.test(value)) return [path, value];
      const [before, after] = [text.slice(0, split), value.startsWith('[') ? '["one","two"]' : '{"one":1}'];
      throw invalid(name, text, 'JSON', `Keep its quotes from the shell: --${name} '${before}=${after}'.`);
    }
  };
}

/** Different words with commas between them. */
export function words(name: string): Parser<readonly string[]> {
  return (text) => {
    const found = text.split(',').map((word) => word.trim());
    if (found.every((word) => word !== '') && new Set(found).size === found.length) return found;
    throw invalid(name, text, 'different names with commas between them');
  };
}

/** An option of one of several plugins. */
export interface OwnOption {
  /** The plugin as it was named. */
  readonly of: string;
  readonly assignment: Assignment;
}

/** An option of one of several plugins: `plugin:name=value`. */
export function ownOption(name: string): Parser<OwnOption> {
  return (text) => {
    const equals = text.indexOf('=');
    const colon = text.lastIndexOf(':', equals);
    if (colon < 1) throw invalid(name, text, `${name.replace('-option', '')}:name=value`);
    return { of: text.slice(0, colon), assignment: assignment(name)(text.slice(colon + 1)) };
  };
}

/** Puts assignments into one object. */
export function assembled(assignments: readonly Assignment[]): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [path, value] of assignments) {
    let inner = options;
    for (const part of path.slice(0, -1)) {
      const next = inner[part];
      inner = inner[part] = typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : {};
    }
    inner[path.at(-1) as string] = value;
  }
  return options;
}

/**
 * Options that are assigned by name, {@link assembled}, beside those that have a flag.
 *
 * @param flags what was given by flags
 * @param of what the options are of: `--<of>-option`
 * @throws `option-invalid` for one that was given both ways
 */
export function besides(
  flags: Readonly<Record<string, unknown>>,
  assignments: readonly Assignment[] = [],
  of: string,
): Record<string, unknown> {
  const options = assembled(assignments);
  const twice = Object.keys(options).find((name) => flags[name] !== undefined);
  if (twice === undefined) return options;
  throw new DatafreeError('option-invalid', `--${of}-option ${twice}: it was given by its own flag too.`, {
    path: twice,
    hint: 'Give it once.',
  });
}

function invalid(name: string, text: string, wanted: string, hint?: string): DatafreeError {
  return new DatafreeError('option-invalid', `--${name}: "${text}" is not ${wanted}.`, { path: name, hint });
}
