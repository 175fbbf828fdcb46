import { type Graph, isDatafreeError } from '@datafree/plugin';
import { lowerToBlocks } from './lower.ts';

/**
 * A step's graph on the blocked layout where that helps: its shapes are concrete, it has convolutions in two
 * dimensions, and the processor has the kernels. Otherwise the graph as it is.
 *
 * @param blockSize channels in a block, 0 without such kernels
 */
export async function forSteps(graph: Graph, blockSize: () => Promise<number>): Promise<Graph> {
  const concrete = graph.inputs.every(({ shape }) => shape.every((dim) => typeof dim === 'number'));
  if (!concrete || !graph.nodes.some((node) => node.op === 'Conv')) return graph;
  const block = await blockSize();
  if (block === 0) return graph;
  try {
    return lowerToBlocks(graph, block);
  } catch (error) {
    // Operators from outside have no shape rule here.
    if (isDatafreeError(error) && error.code === 'operator-unknown') return graph;
    throw error;
  }
}
