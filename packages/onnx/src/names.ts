/** Hands out names that are not taken yet. */
export class NameSupply {
  readonly #taken: Set<string>;
  readonly #counters = new Map<string, number>();

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  /** Marks a name as taken. */
  take(name: string): void {
    this.#taken.add(name);
  }

  /** `stem` itself when it is free, otherwise `stem_1`, `stem_2`, …; the result is taken from then on. */
  unused(stem: string): string {
    let name = stem;
    for (let n = this.#counters.get(stem) ?? 1; name === '' || this.#taken.has(name); n++) {
      name = `${stem}_${n}`;
      this.#counters.set(stem, n + 1);
    }
    this.#taken.add(name);
    return name;
  }
}
