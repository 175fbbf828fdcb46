/** Names as a message lists them: `"x", "y"`. */
export function quoted(names: Iterable<string>): string {
  return Array.from(names, (name) => JSON.stringify(name)).join(', ');
}
