import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '@datafree/data';
import { DatafreeError } from '@datafree/plugin';
import { version } from '../version.ts';
import { type Cell, type CellKey, describeCell, type Group } from './cell.ts';

/** What tells that a folder is one of a comparison. */
const manifestName = 'compare.json';

/** A folder with the finished cells of a comparison, a JSON file each. */
export class ComparisonFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens a folder, or makes it.
   *
   * @param facts what all cells have in common
   * @throws `output-exists` when it holds something else, `resume-mismatch` when its cells have other facts
   */
  static async open(
    path: string,
    facts: Readonly<Record<string, unknown>>,
    restart: boolean,
  ): Promise<ComparisonFolder> {
    const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw occupied(path, 'is not a folder', error);
    });
    const found = names?.filter((name) => !name.startsWith('.')) ?? [];
    if (found.length > 0 && !found.includes(manifestName)) throw occupied(path, `holds "${found[0]}"`);
    if (restart) await rm(path, { recursive: true, force: true });
    const wanted = JSON.parse(JSON.stringify({ version, ...facts })) as Record<string, unknown>;
    const manifest = join(path, manifestName);
    if (found.length > 0 && !restart) compare(path, JSON.parse(await readFile(manifest, 'utf8')), wanted);
    else {
      await makeFolder(path);
      await writeFileAtomic(manifest, `${JSON.stringify(wanted, undefined, 2)}\n`);
    }
    return new ComparisonFolder(path);
  }

  /**
   * A finished cell.
   *
   * @param options of its method, which must be those that it was made with
   * @throws `resume-mismatch`
   */
  async read(key: CellKey, options: Readonly<Record<string, unknown>>): Promise<Cell | undefined> {
    const text = await readFile(`${this.#pathOf(key)}.json`, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const cell = JSON.parse(text) as Cell;
    if (JSON.stringify(cell.options) === JSON.stringify(options)) return cell;
    throw new DatafreeError('resume-mismatch', `${describeCell(key)} was made with other options in ${this.path}.`, {
      path: this.path,
      hint: 'Choose another folder with --run, or discard what is in it with --restart.',
    });
  }

  /** Keeps a finished cell. @throws `output-unwritable` */
  async write(cell: Cell): Promise<void> {
    await writeFileAtomic(`${this.#pathOf(cell)}.json`, `${JSON.stringify(cell, undefined, 2)}\n`);
  }

  /** True when something was finished or begun before. */
  async begun(): Promise<boolean> {
    return (await readdir(this.path)).some((name) => name !== manifestName && !name.startsWith('.'));
  }

  /** Deletes the folder. */
  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }

  /** Where the quantised network of a cell lies while it is measured. */
  modelOf(key: CellKey): string {
    return `${this.#pathOf(key)}.onnx`;
  }

  /** Where the samples of a group are kept until all of its cells are finished. */
  runOf({ method, seed }: Group): string {
    return join(this.path, `${plain(method)}_s${seed}.run`);
  }

  #pathOf({ method, bits, seed }: CellKey): string {
    return join(this.path, `${plain(method)}_w${bits.weights}a${bits.activations}_s${seed}`);
  }
}

/** A name that every file system takes; names that had to be changed stay different from each other. */
function plain(method: string): string {
  if (/^[a-z0-9][a-z0-9+_-]{0,63}$/.test(method)) return method;
  const digest = createHash('sha256').update(method).digest('hex').slice(0, 8);
  return `${method.replace(/[^A-Za-z0-9+_-]+/g, '-').slice(-40)}-${digest}`;
}

function compare(path: string, found: Record<string, unknown>, wanted: Record<string, unknown>): void {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
  const differing = names.filter((name) => JSON.stringify(found[name]) !== JSON.stringify(wanted[name]));
  if (differing.length === 0) return;
  throw new DatafreeError('resume-mismatch', `The comparison in ${path} differs in: ${differing.join(', ')}.`, {
    path: differing[0],
    hint: 'Choose another folder with --run, or discard what is in it with --restart.',
  });
}

function occupied(path: string, problem: string, cause?: unknown): DatafreeError {
  return new DatafreeError('output-exists', `${path} ${problem} and is no comparison.`, {
    path,
    hint: 'Choose another folder with --run.',
    cause,
  });
}
