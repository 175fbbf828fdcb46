/** Sets of names that only grow together (union–find). */
export class DisjointSets {
  readonly #parents = new Map<string, string>();

  /** The name that stands for the set of `name`. */
  find(name: string): string {
    let root = name;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    return root;
  }

  /** Makes one set of the sets of both names. */
  join(a: string, b: string): void {
    const from = this.find(a);
    const to = this.find(b);
    if (from !== to) this.#parents.set(from, to);
  }
}
