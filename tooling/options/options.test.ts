import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { plugins } from './plugins.mjs';
import { readme } from './readme.mjs';
import { commentsIn, optionTable, withTables } from './table.mjs';

const source = `
const schema = v.strictObject({
  /** How many. */
  count: v.optional(v.number(), 3),
  /**
   * Which of
   * two.
   */
  kind: v.picklist(['a', 'b']),
  bare: v.boolean(),
});`;

const schema = v.strictObject({
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 3),
  kind: v.picklist(['a', 'b']),
  bare: v.optional(v.boolean()),
});

describe('a table of options', () => {
  it('takes words from comments', () => {
    expect([...commentsIn([source])]).toEqual([
      ['count', 'How many.'],
      ['kind', 'Which of two.'],
    ]);
  });

  it('takes values and defaults from the schema', () => {
    const rows = optionTable(schema, commentsIn([source])).split('\n');
    expect(rows.slice(2).map((row) => row.split('|').map((cell) => cell.trim()))).toEqual([
      ['', '`count`', 'whole number from 1', '`3`', 'How many.', ''],
      ['', '`kind`', '`a`, `b`', 'needed', 'Which of two.', ''],
      ['', '`bare`', 'true, false', '', '', ''],
    ]);
  });

  it('has a column for each preset', () => {
    const presets = { fast: { count: 1, kind: 'a' }, slow: { count: 9, kind: 'b', bare: true } };
    const rows = optionTable(schema, new Map(), presets).split('\n');
    expect(
      rows
        .filter((_, i) => i !== 1)
        .map((row) =>
          row
            .split('|')
            .map((cell) => cell.trim())
            .slice(3, 5),
        ),
    ).toEqual([
      ['`fast`', '`slow`'],
      ['`1`', '`9`'],
      ["`'a'`", "`'b'`"],
      ['', '`true`'],
    ]);
  });

  it('goes to its place', () => {
    const text = 'A\n<!-- options of x -->\nold\n<!-- end of options -->\nB\n';
    const once = withTables(text, { x: schema }, new Map());
    expect(once).toMatch(/^A\n<!-- options of x -->\n\n\| option .*\n\n<!-- end of options -->\nB\n$/s);
    expect(withTables(once, { x: schema }, new Map())).toBe(once);
    expect(() => withTables('A', { x: schema }, new Map())).toThrow('options of x');
  });
});

it.each(Object.keys(plugins))(
  'the README of %s says what its schemas say; npm run docs:options after a build',
  async (folder) => {
    const module = await import(`../../packages/${folder}/src/index.ts`);
    const { now, wanted } = readme(folder as keyof typeof plugins, module);
    expect(now).toBe(wanted);
  },
);
