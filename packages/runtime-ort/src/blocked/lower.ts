import { bindInputs, GraphBuilder, namesRead, type Value } from '@datafree/core';
import type { Graph, Node } from '@datafree/plugin';
import { lowerBatchNormalization } from './affine.ts';
import { lowerConcat, lowerPad, lowerReshape, lowerSlice } from './arrange.ts';
import { lowerConv } from './convolution.ts';
import { lowerElementwise } from './elementwise.ts';
import { Layout, type Lowering } from './layout.ts';
import { blockedOperators } from './operators.ts';
import { lowerGlobalAverage, lowerReduction } from './reduction.ts';
import { lowerClip, lowerRound } from './round.ts';
import { lowerConvTranspose } from './transposed.ts';

/**
 * Rewrites a graph with concrete shapes so that its convolutions, and what stands between them, run on onnxruntime's
 * blocked layout. onnxruntime does that itself for convolutions with constant weights, and goes back to the plain
 * layout at every node that is not part of plain inference; here gradients, statistics and trained weights stay in it.
 *
 * @param block channels in a block
 */
export function lowerToBlocks(graph: Graph, block: number): Graph {
  const builder = new GraphBuilder({ name: graph.name, operators: blockedOperators(block) });
  const layout = new Layout(builder, block);
  const readers = readersOf(graph);
  const find = builder.inline(graph, bindInputs(builder, graph, {}), {
    rewrite: (node, inputs) => {
      const outputs = lower(layout, node, inputs);
      outputs?.forEach((output, i) => {
        layout.countReaders(output, readers.get(node.outputs[i] as string) ?? 0);
      });
      return outputs;
    },
  });
  for (const { name } of graph.outputs) builder.output(find(name), name);
  return { ...builder.build(), metadata: graph.metadata };
}

function lower(layout: Layout, node: Node, inputs: readonly (Value | undefined)[]): Value[] | undefined {
  if (node.domain !== '') return undefined;
  return lowerings[node.op]?.(layout, node, inputs) ?? lowerElementwise(layout, node, inputs);
}

const lowerings: Readonly<Record<string, Lowering>> = {
  BatchNormalization: lowerBatchNormalization,
  Clip: lowerClip,
  Concat: lowerConcat,
  Conv: lowerConv,
  ConvTranspose: lowerConvTranspose,
  GlobalAveragePool: lowerGlobalAverage,
  Pad: lowerPad,
  ReduceMean: lowerReduction,
  ReduceSum: lowerReduction,
  Reshape: lowerReshape,
  Round: lowerRound,
  Slice: lowerSlice,
};

/** How many nodes and outputs read each value. */
function readersOf(graph: Graph): ReadonlyMap<string, number> {
  const names = [...graph.nodes.flatMap(namesRead), ...graph.outputs.map((output) => output.name)];
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
