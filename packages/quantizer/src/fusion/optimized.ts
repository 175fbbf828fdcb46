import type { Graph, Node } from '@datafree/plugin';

/** How the runtime executes one layer. */
export interface Execution {
  readonly runsAs: string;
  readonly integer: boolean;
}

/** Operators that only move a result to where it is found, or between float and integers. */
const passages: ReadonlySet<string> = new Set([
  'Cast',
  'Clip',
  'DequantizeLinear',
  'Identity',
  'QuantizeLinear',
  'ReorderInput',
  'ReorderOutput',
  'Transpose',
]);

/** Operators that give codes of the type that they are given. */
const copying: ReadonlySet<string> = new Set([
  'Clip',
  'Concat',
  'DepthToSpace',
  'Flatten',
  'Gather',
  'Identity',
  'MaxPool',
  'NhwcMaxPool',
  'Pad',
  'Reshape',
  'Resize',
  'Slice',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
]);

/** Looks layers up in the graph as the runtime executes it. */
export class OptimizedGraph {
  readonly #producers = new Map<string, Node>();
  readonly #nodes: readonly Node[];
  readonly #integers = new Set<string>();

  constructor(graph: Graph) {
    this.#nodes = graph.nodes;
    for (const node of graph.nodes) {
      for (const name of node.outputs) this.#producers.set(name, node);
      if (this.#givesIntegers(node)) for (const name of node.outputs) this.#integers.add(name);
    }
  }

  /**
   * Finds what a layer became: by the names of its results, back through layout changes and conversions, otherwise by
   * the name of its node, which fused nodes keep with an addition.
   */
  find(op: string, node: string, results: readonly string[]): Execution | undefined {
    const named = this.#nodes.find((candidate) => isNamedAfter(candidate.name, node) && !isConversion(candidate));
    const found = named ?? results.map((name) => this.#behind(op, name)).find((candidate) => candidate !== undefined);
    return found && { runsAs: found.op, integer: this.#isInteger(found) };
  }

  #behind(op: string, result: string): Node | undefined {
    let node = this.#producers.get(result);
    while (node !== undefined && node.op !== op && passages.has(node.op)) {
      node = this.#producers.get(node.inputs[0] as string);
    }
    return node;
  }

  #givesIntegers(node: Node): boolean {
    if (node.op === 'QuantizeLinear') return true;
    if (/^QLinear|^QGemm$/.test(node.op)) return node.op !== 'QGemm' || node.inputs.length > 7;
    return copying.has(node.op) && this.#integers.has(node.inputs[0] as string);
  }

  #isInteger(node: Node): boolean {
    return (
      /^QLinear|^QGemm$|IntegerToFloat$/.test(node.op) ||
      (copying.has(node.op) && this.#integers.has(node.inputs[0] as string))
    );
  }
}

function isConversion(node: Node): boolean {
  return node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear';
}

/** onnxruntime puts `_token_<n>` or a word behind the name of a node that it rewrites. */
function isNamedAfter(name: string, original: string): boolean {
  return name === original || name.startsWith(`${original}_token_`) || name === `fused ${original}`;
}
