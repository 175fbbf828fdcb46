// Tables of a plugin's options for its README: names, values and defaults from the schema, words from the comments
// beside it.

/**
 * Names of options and what is said of them in the sources that define them.
 *
 * @param {string[]} sources TypeScript, in which a comment stands before each entry of a schema
 * @returns {Map<string, string>}
 */
export function commentsIn(sources) {
  const comments = new Map();
  for (const source of sources) {
    for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*\n\s*(\w+)[:,]/gs)) {
      const text = /** @type {string} */ (comment)
        .replace(/\s*\n\s*\*\s?/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
      if (!comments.has(name)) comments.set(name, text);
    }
  }
  return comments;
}

/**
 * The table of a schema's options in Markdown, columns as wide as they need be.
 *
 * @param {any} schema a strict object of valibot
 * @param {Map<string, string>} comments
 * @param {Record<string, Record<string, unknown>>} presets the options of each preset; a column of defaults where
 *   there is none
 */
export function optionTable(schema, comments, presets = {}) {
  const names = Object.keys(presets);
  const rows = Object.entries(schema.entries).map(([name, entry]) => {
    const { inner, fallback } = unwrapped(entry);
    const defaults = names.length === 0 ? [fallback] : names.map((preset) => inCode(presets[preset][name]));
    const cells = [`\`${name}\``, valuesOf(inner), ...defaults, comments.get(name) ?? ''];
    return cells.map((cell) => cell.replace(/\|/g, '\\|'));
  });
  const titles = names.length === 0 ? ['default'] : names.map((name) => `\`${name}\``);
  const table = [['option', 'values', ...titles, 'meaning'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(table[0]), rule, ...table.slice(1).map(line)].join('\n');
}

/**
 * A README with its tables: each stands between `<!-- options of NAME -->` and `<!-- end of options -->`.
 *
 * @param {string} readme
 * @param {Record<string, any>} schemas by the name of the plugin's function
 * @param {Map<string, string>} comments
 * @param {Record<string, Record<string, Record<string, unknown>>>} presets by the name of the plugin's function
 * @throws an Error when the README has no place for one of the tables
 */
export function withTables(readme, schemas, comments, presets = {}) {
  let text = readme;
  for (const [name, schema] of Object.entries(schemas)) {
    const begin = `<!-- options of ${name} -->`;
    const end = '<!-- end of options -->';
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`The README has no "${begin}" and "${end}".`);
    text = `${text.slice(0, from + begin.length)}\n\n${optionTable(schema, comments, presets[name])}\n\n${text.slice(to)}`;
  }
  return text;
}

/** @param {any} schema */
function unwrapped(schema) {
  if (schema.type !== 'optional') return { inner: schema, fallback: 'needed' };
  return { inner: schema.wrapped, fallback: typeof schema.default === 'function' ? '' : inCode(schema.default) };
}

/** @param {unknown} value */
function inCode(value) {
  return value === undefined ? '' : `\`${JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ')}\``;
}

/** What values a schema takes, in words. @param {any} schema @returns {string} */
function valuesOf(schema) {
  switch (schema.type) {
    case 'number':
      return numbersOf(schema.pipe ?? []);
    case 'picklist':
      return schema.options.map((value) => `\`${value}\``).join(', ');
    case 'literal':
      return `\`${schema.literal}\``;
    case 'boolean':
      return 'true, false';
    case 'string':
      return 'text';
    case 'instance':
      return schema.class.name;
    case 'custom':
      return 'function';
    case 'array':
      return `list of ${valuesOf(schema.item)}`;
    case 'union':
      return schema.options.map(valuesOf).join(' or ');
    case 'record':
      return `${valuesOf(schema.value)} by name`;
    case 'strict_object':
    case 'loose_object':
      return `{ ${Object.entries(schema.entries)
        .map(([name, entry]) => `${name}: ${valuesOf(unwrapped(entry).inner)}`)
        .join('; ')} }`;
    default:
      throw new Error(`There are no words for a schema of type ${schema.type}.`);
  }
}

/** @param {any[]} pipe */
function numbersOf(pipe) {
  const requirement = (type) => pipe.find((action) => action.type === type)?.requirement;
  const noun = requirement('integer') === undefined ? 'number' : 'whole number';
  const [low, high, above] = [requirement('min_value'), requirement('max_value'), requirement('gt_value')];
  if (low !== undefined && high !== undefined) return `${noun} from ${low} to ${high}`;
  if (low !== undefined) return `${noun} from ${low}`;
  if (above === undefined) return noun;
  return high === undefined ? `${noun} above ${above}` : `${noun} above ${above}, at most ${high}`;
}
