/** Gives names that a graph does not use yet. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** `stem`, or `stem_1`, `stem_2`, … */
  fresh(stem: string): string {
    let name = stem;
    for (let n = 1; this.#taken.has(name); n++) name = `${stem}_${n}`;
    this.#taken.add(name);
    return name;
  }
}
