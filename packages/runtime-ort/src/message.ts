/** The useful part of an onnxruntime message. */
export interface Explanation {
  readonly message: string;
  /** Name of the node it is about. */
  readonly node?: string;
  /** Its operator. */
  readonly op?: string;
}

const locations: readonly { readonly pattern: RegExp; readonly node: number; readonly op: number }[] = [
  { pattern: /while running (\w+) node\. Name:'([^']*)' Status Message: /, op: 1, node: 2 },
  { pattern: /In Node, \("([^"]*)", (\w+),/, node: 1, op: 2 },
  { pattern: /Node ?\(([^)]*)\) Op ?\((\w+)\)/, node: 1, op: 2 },
  { pattern: /Could not find an implementation for (\w+)\(\d+\) node with name '([^']*)'/, op: 1, node: 2 },
  { pattern: /of Optype \((\w+)\).* in node \(([^)]*)\)/, op: 1, node: 2 },
  { pattern: /of operator \((\w+)\) in node \(([^)]*)\)/, op: 1, node: 2 },
];

/** `/src/file.cc:12 ReturnType Class::Method(arguments) const `: where in the C++ sources it was thrown. */
const source =
  /\/\S+\.(?:cc|cpp|h):\d+ (?:[^()]*\([^()]*\)(?: const)?(?:::<lambda\([^)]*\)>)?(?: \[with [^\]]*\])? )?/g;

/** Takes the C++ locations out of an onnxruntime message and finds the node it is about. */
export function explain(error: unknown): Explanation {
  const text = error instanceof Error ? error.message : String(error);
  const clean = text
    .replace(/^Non-zero status code returned while running \w+ node\. Name:'[^']*' Status Message: /, '')
    .replace(/^Load model from .*? ?failed: ?/, '')
    .replace(source, '')
    .replace(/\s+/g, ' ')
    .trim();
  for (const { pattern, node, op } of locations) {
    const match = pattern.exec(text);
    if (match !== null) return { message: clean, node: match[node] as string, op: match[op] as string };
  }
  const unknown = /(\S+)\(-?\d+\) is not a registered function\/op/.exec(text);
  return { message: clean, ...(unknown !== null && { op: unknown[1] as string }) };
}
