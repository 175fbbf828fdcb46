import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder, writeFileAtomic } from '@datafree/data';
import { DatafreeError, type Logger } from '@datafree/plugin';
import { foreignIn } from '../runFolder.ts';
import { version } from '../version.ts';
import { type Cell, type CellKey, describeCell, type Group, parseCell } from './cell.ts';
import { freeName, hold, isHeld, letGo } from './held.ts';

/** What tells that a folder is one of a comparison. */
const manifestName = 'compare.json';

/** A folder with the finished cells of a comparison, a JSON file each. */
export class ComparisonFolder {
  readonly path: string;
  readonly #logger: Logger;
  /** Damaged files that were warned of. */
  readonly #damaged = new Set<string>();

  private constructor(path: string, logger: Logger) {
    this.path = path;
    this.#logger = logger;
  }

  /**
   * Opens a folder, or makes it.
   *
   * @param facts what all cells have in common
   * @param options.restart whether to discard what a comparison left in it
   * @param options.logger is warned of damaged files
   * @throws `output-exists` when it holds something else, `resume-mismatch` when its cells have other facts
   */
  static async open(
    path: string,
    facts: Readonly<Record<string, unknown>>,
    { restart, logger }: { readonly restart: boolean; readonly logger: Logger },
  ): Promise<ComparisonFolder> {
    const found = await contentOf(path);
    const wanted = JSON.parse(JSON.stringify({ version, ...facts })) as Record<string, unknown>;
    const folder = new ComparisonFolder(path, logger);
    if (found.length > 0) {
      const manifest = await manifestIn(path, found);
      await refuseForeign(path, found);
      if (!restart) {
        compare(path, manifest, wanted);
        // A killed process leaves the network that it measured.
        await folder.#remove((name) => name.endsWith('.onnx'));
        return folder;
      }
      await folder.remove();
    }
    await makeFolder(path);
    await writeFileAtomic(join(path, manifestName), `${JSON.stringify(wanted, undefined, 2)}\n`);
    return folder;
  }

  /**
   * A finished cell. One whose file is damaged counts as not finished, with a warning.
   *
   * @param options of its method, which must be those that it was made with
   * @throws `resume-mismatch`
   */
  async read(key: CellKey, options: Readonly<Record<string, unknown>>): Promise<Cell | undefined> {
    const path = `${this.#pathOf(key)}.json`;
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const cell = parseCell(text);
    if (cell === undefined) {
      if (!this.#damaged.has(path)) {
        this.#logger.warn(`${path} is damaged: ${describeCell(key)} is made again.`);
      }
      this.#damaged.add(path);
      return undefined;
    }
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

  /**
   * Deletes cells, networks and unfinished samples: what a comparison writes, and nothing else. What another process is
   * at is left to it.
   */
  remove(): Promise<void> {
    return this.#remove(isWritten);
  }

  async #remove(which: (name: string) => boolean): Promise<void> {
    const names = (await contentOf(this.path)).filter((name) => which(name) && !isHeld(name));
    await Promise.all(names.map((name) => rm(join(this.path, name), { recursive: true, force: true })));
  }

  /**
   * Has a file for the quantised network of a cell while it is measured, and removes it afterwards. Another process
   * that finishes the same cell has a file of its own.
   */
  async withModel<T>(key: CellKey, work: (path: string) => Promise<T>): Promise<T> {
    const name = hold(this.#nameOf(key), '.onnx');
    try {
      return await work(join(this.path, name));
    } finally {
      await rm(join(this.path, name), { force: true });
      letGo(name);
    }
  }

  /**
   * Takes the folder that the samples of a group are kept in until all of its cells are finished: the one that an
   * interrupted run left, or a new one. No other process works in it.
   */
  async takeRun(group: Group): Promise<string> {
    const path = join(this.path, hold(stemOf(group), '.run'));
    for (const name of await this.#abandonedRuns(group)) {
      // Of several processes that rename it one succeeds.
      if (await renamed(join(this.path, name), path)) break;
    }
    return path;
  }

  /** Leaves a folder of samples to the process that goes on with them. */
  async leaveRun(path: string): Promise<void> {
    const name = basename(path);
    // What another process left with the same name is as good; without it, the folder stays under its own.
    await renamed(path, join(this.path, freeName(name)));
    letGo(name);
  }

  /** Name of the folder of samples of a group when no process works in it. */
  runOf(group: Group): string {
    return join(this.path, `${stemOf(group)}.run`);
  }

  /** Deletes samples of a group: a folder that was taken, and those that no process works in. */
  async discardRuns(group: Group, taken?: string): Promise<void> {
    if (taken !== undefined) letGo(basename(taken));
    for (const name of await this.#abandonedRuns(group)) {
      await rm(join(this.path, name), { recursive: true, force: true });
    }
  }

  async #abandonedRuns(group: Group): Promise<readonly string[]> {
    const own = `${stemOf(group)}.run`;
    return (await contentOf(this.path)).filter((name) => freeName(name) === own && !isHeld(name));
  }

  #pathOf(key: CellKey): string {
    return join(this.path, this.#nameOf(key));
  }

  #nameOf({ method, bits, seed }: CellKey): string {
    return `${plain(method)}_w${bits.weights}a${bits.activations}_s${seed}`;
  }
}

function stemOf({ method, seed }: Group): string {
  return `${plain(method)}_s${seed}`;
}

/** Renames a folder, unless it is gone or there is one of the new name that holds something. */
function renamed(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
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

/** Names of files of a comparison besides its manifest: cells, networks that are measured, unfinished samples. */
const written = [/^[\w+-]+_w\d+a\d+_s\d+\.(json|onnx)$/, /^[\w+-]+_s\d+\.run$/];

function isWritten(name: string): boolean {
  return written.some((pattern) => pattern.test(freeName(name)));
}

/** Names in a folder, without hidden files; none when there is no folder. */
async function contentOf(path: string): Promise<readonly string[]> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw occupied(path, `${path} is not a folder`, error);
  });
  return names.filter((name) => !name.startsWith('.'));
}

/** What the cells in a folder have in common. @throws `output-exists` when no comparison wrote it */
async function manifestIn(path: string, names: readonly string[]): Promise<Record<string, unknown>> {
  if (!names.includes(manifestName)) throw occupied(path, `${path} holds "${names[0]}" and is no comparison`);
  const file = join(path, manifestName);
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (['version', 'model', 'samples', 'quantizer'].every((fact) => fact in manifest)) return manifest;
  } catch (cause) {
    throw occupied(path, `${file} is not that of a comparison`, cause);
  }
  throw occupied(path, `${file} is not that of a comparison`);
}

/** @throws `output-exists` when a comparison did not write all that is in its folder */
async function refuseForeign(path: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (name !== manifestName && !isWritten(name))
      throw occupied(path, `${path} holds "${name}", which no comparison writes`);
    if (!name.endsWith('.run')) continue;
    const foreign = foreignIn(await readdir(join(path, name)).catch(() => []));
    if (foreign !== undefined)
      throw occupied(path, `${path} holds "${join(name, foreign)}", which no comparison writes`);
  }
}

function occupied(path: string, problem: string, cause?: unknown): DatafreeError {
  return new DatafreeError('output-exists', `${problem}.`, {
    path,
    hint: 'Choose another folder with --run, or move away what does not belong in it.',
    cause,
  });
}
