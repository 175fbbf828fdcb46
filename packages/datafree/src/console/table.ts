import pc from 'picocolors';

// Not in a file, a pipe or a log.
const colours = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);

/** Lines of cells, each column as wide as its widest cell; columns of numbers are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, c) => Math.max(...[title, ...rows.map((row) => row[c] ?? '')].map(widthOf)));
  const right = head.map((_, c) => rows.length > 0 && rows.every((row) => /^[-−+]?[\d.]|^[-–]?$/.test(row[c] ?? '')));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => {
        const space = ' '.repeat((widths[c] as number) - widthOf(cell));
        return right[c] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [colours.bold(line(head)), ...rows.map(line)].join('\n');
}

/** Named values below each other. */
export function pairs(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** A number of bytes as people read it. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return `${(count / 1e6).toFixed(2)} MB`;
}

/** The size of a file beside that of the full-precision one. */
export function sizeOf(file: { readonly bytes: number; readonly fp32Bytes: number }): string {
  return `${bytes(file.bytes)}, ${((100 * file.bytes) / file.fp32Bytes).toFixed(1)} % of ${bytes(file.fp32Bytes)}`;
}

/** Seconds as people read them. */
export function seconds(value: number): string {
  return value < 100 ? `${value.toFixed(1)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

function widthOf(text: string): number {
  return [...text].length;
}
