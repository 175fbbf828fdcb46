import { type Graph, isDatafreeError } from '@datafree/plugin';
import { reduceEarly } from '../order/reduceEarly.ts';
import { lowerToBlocks } from './lower.ts';
import { blockedOperators } from './operators.ts';

/**
 * A step's graph as it runs best. Where its shapes are concrete and nothing is empty, large tensors go in the order of its nodes; where it has
 * convolutions and the processor has the kernels, it is on the blocked layout.
 *
 * @param blockSize channels in a block, 0 without such kernels
 */
export async function forSteps(graph: Graph, blockSize: () => Promise<number>): Promise<Graph> {
  const concrete = graph.inputs.every(({ shape }) => shape.every((dim) => typeof dim === 'number' && dim > 0));
  if (!concrete) return graph;
  const block = graph.nodes.some((node) => node.op === 'Conv') ? await blockSize() : 0;
  try {
    return block === 0 ? reduceEarly(graph) : reduceEarly(lowerToBlocks(graph, block), blockedOperators(block));
  } catch (error) {
    // Operators from outside have no shape rule here.
    if (isDatafreeError(error) && error.code === 'operator-unknown') return graph;
    throw error;
  }
}
