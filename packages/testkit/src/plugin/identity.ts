import type { Check } from '../check.ts';
import { must, refusal } from '../expectation.ts';
import type { AnyPlugin, Subject } from './subject.ts';

/** What a kind of plugin consists of. */
export interface Shape {
  readonly kind: string;
  /** Name of its function. */
  readonly does: string;
  /** Fields of `supports`: a boolean, or a list of bit widths. */
  readonly supports: Readonly<Record<string, 'boolean' | 'bits'>>;
}

/** Checks of what a plugin says of itself, and of its options. */
export function identityChecks<P extends AnyPlugin, R>(subject: Subject<P, R>, shape: Shape): Check[] {
  const { create } = subject;
  return [
    {
      title: `has the fields of a ${shape.kind}`,
      check: async () => {
        const plugin = create();
        must(plugin.kind === shape.kind, `kind is "${plugin.kind}"`);
        must(plugin.apiVersion === 1, `apiVersion is ${plugin.apiVersion}`);
        must(typeof plugin.name === 'string' && plugin.name !== '', 'it has no name');
        const fields = plugin as unknown as Readonly<Record<string, unknown>>;
        must(typeof fields[shape.does] === 'function', `${shape.does} is not a function`);
        const supports = plugin.supports as Readonly<Record<string, unknown>>;
        for (const [name, type] of Object.entries(shape.supports)) {
          const value = supports[name];
          const right = type === 'boolean' ? typeof value === 'boolean' : isBits(value);
          must(right, `supports.${name} is ${JSON.stringify(value)}, not ${type === 'boolean' ? 'a boolean' : 'bits'}`);
        }
      },
    },
    {
      title: 'tells its options as plain data',
      check: async () => {
        const { options } = create();
        must(typeof options === 'object' && options !== null, `options are ${options}`);
        must(isPlain(options), 'options hold something that JSON cannot');
      },
    },
    {
      title: 'takes the network that it works with in its check, if it has one',
      check: async () => {
        const { check } = create();
        must(check === undefined || typeof check === 'function', 'check is not a function');
        create().check?.(subject.model);
      },
    },
    {
      title: 'refuses an unknown option with its path',
      check: async () => {
        const error = await refusal('an unknown option', () => create({ noSuchOption: 1 }), ['option-invalid']);
        must(error.path === 'noSuchOption', `the path is "${error.path}" instead of "noSuchOption"`);
      },
    },
    {
      title: 'refuses a wrong value of an option with its path',
      check: async () => {
        for (const name of Object.keys(create().options)) {
          // NaN is what no option can mean: not a number, a text, a list or a choice.
          const what = `NaN as the option "${name}"`;
          const error = await refusal(what, () => create({ [name]: Number.NaN }), ['option-invalid']);
          must(error.path?.split('.')[0] === name, `${what} is refused with the path "${error.path}"`);
        }
      },
    },
  ];
}

function isBits(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((bits) => Number.isInteger(bits) && bits > 0);
}

function isPlain(value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isPlain);
}
