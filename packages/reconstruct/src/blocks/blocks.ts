import type { Graph, Model, Node } from '@datafree/plugin';
import { findQuantisers } from '@datafree/student';
import { comparableValues } from './comparable.ts';
import { partBetween } from './part.ts';

/** A part of a network that is reconstructed at once: one value enters it, one leaves it. */
export interface Block {
  /** Names of the values, the same in the network and in its quantised form. */
  readonly entry: string;
  readonly exit: string;
  /** Shapes of one sample of them. */
  readonly entryShape: readonly number[];
  readonly exitShape: readonly number[];
  /** Layers with quantised weights. */
  readonly layers: number;
}

/**
 * Cuts a quantised network into blocks, from first to last. A cut is a value that everything passes through: between
 * two of them lies a layer, or a residual block with all its branches (the blocks of BRECQ, found from the graph). What
 * has no quantised weights belongs to the block before it as far as shapes stay (a Relu, rounding), and to the block
 * after it from there on (a pool). A block of more layers than `largest` is taken layer by layer.
 */
export function findBlocks(model: Model, quantised: Graph, largest: number): Block[] {
  const { shapeOf } = comparableValues(model, quantised);
  const stored = new Set(findQuantisers(quantised).weights.map(({ node }) => node));
  const input = model.input.name;
  const batched = (shape: readonly number[]) => [1, ...shape];

  function blockBetween(entry: string, exit: string): Block | undefined {
    const [entryShape, exitShape] = [shapeOf(entry), shapeOf(exit)];
    if (entryShape === undefined || exitShape === undefined) return undefined;
    const shapes = { entry: batched(entryShape), exit: batched(exitShape) };
    const layers = partBetween(quantised, entry, exit, shapes)?.nodes.filter((node) => stored.has(node)).length;
    return layers === undefined ? undefined : { entry, exit, entryShape, exitShape, layers };
  }

  const blocks: Block[] = [];
  let entry = input;
  let reached: Block | undefined;
  const finish = (): void => {
    if (reached === undefined) return;
    if (reached.layers <= largest) blocks.push(reached);
    else blocks.push(...singleLayers(quantised, reached, stored, (name) => shapeOf(name) !== undefined, blockBetween));
    entry = reached.exit;
    reached = undefined;
  };
  for (const exit of cuts(quantised, input)) {
    if (shapeOf(exit) === undefined) continue;
    const further = blockBetween(entry, exit);
    if (reached !== undefined && !isSame(reached, further)) finish();
    const block = reached === undefined && entry !== exit ? blockBetween(entry, exit) : further;
    if (block !== undefined && block.layers > 0) reached = block;
  }
  finish();
  return blocks;
}

/** True for a block that goes on through activations and rounding alone: what leaves it is nearer to what is read. */
function isSame(block: Block, further: Block | undefined): boolean {
  return further?.layers === block.layers && String(further.exitShape) === String(block.exitShape);
}

/** Values that everything from the input to the outputs passes through, from first to last. */
function cuts(graph: Graph, input: string): string[] {
  const last = new Map<string, number>();
  graph.nodes.forEach((node, i) => {
    for (const name of node.inputs) last.set(name, i);
  });
  for (const { name } of graph.outputs) last.set(name, Number.POSITIVE_INFINITY);
  const live = new Set([input]);
  const active = new Set([input]);
  const found: string[] = [];
  graph.nodes.forEach((node, i) => {
    if (!node.inputs.some((name) => active.has(name))) return;
    for (const name of node.outputs) {
      active.add(name);
      if (last.has(name)) live.add(name);
    }
    for (const name of live) if ((last.get(name) as number) <= i) live.delete(name);
    const [only] = live;
    if (live.size === 1 && only !== undefined && only !== found.at(-1) && only !== input) found.push(only);
  });
  return found;
}

/** Each layer of a block as a block of its own, as far as its result has a counterpart in the network. */
function singleLayers(
  graph: Graph,
  { entry, exit }: Block,
  stored: ReadonlySet<Node>,
  isComparable: (name: string) => boolean,
  blockBetween: (entry: string, exit: string) => Block | undefined,
): Block[] {
  const part = partBetween(graph, entry, exit, { entry: [], exit: [] });
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) consumers.set(name, [...(consumers.get(name) ?? []), node]);
  }
  const codes = new Set([...stored].flatMap((node) => node.outputs));
  return (part?.nodes ?? []).flatMap((node) => {
    if (!codes.has(node.inputs[1] ?? '')) return [];
    let value = node.outputs[0] as string;
    while (!isComparable(value)) {
      const [next, ...others] = consumers.get(value) ?? [];
      if (next === undefined || others.length > 0) return [];
      value = next.outputs[0] as string;
    }
    const block = blockBetween(node.inputs[0] as string, value);
    return block === undefined ? [] : [block];
  });
}
