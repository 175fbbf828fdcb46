import type { Node } from '@datafree/plugin';
import { isPacked } from '../emit/container.ts';
import type { QuantisedGraph } from './quantised.ts';

/** Why a layer runs in float, in words. */
export function floatReason(node: Node, graph: QuantisedGraph, excluded: boolean): string {
  if (excluded) return 'excluded by the options';
  const weight = graph.weightOf(node);
  if (weight !== undefined && isPacked(weight.dtype))
    return 'its weights, stored in 4 bits, are unpacked to float at each run';
  if (weight?.dtype === 'float32') return 'its weights are stored in float';
  if (node.op === 'ConvTranspose')
    return 'the runtime has no integer kernel for ConvTranspose; its weights are stored as integers';
  const role = graph.roleOf(node);
  if (role === 'weighted') return graph.givesOutput(node) ? 'its result is an output of the network' : unknown;
  if (node.op === 'Conv' || node.op === 'Gemm') return 'its weights are not constant';
  if (role === 'float') return `the runtime has no integer kernel for ${node.op}`;
  if (role === 'activation') return 'its input is used by other layers too, so that it cannot fall away';
  if (graph.takesIntegers(node)) return unknown;
  if (!graph.reach.after.has(node)) return 'it works on the network input before the first layer with weights';
  if (!graph.reach.before.has(node)) return 'it follows the last layer with weights';
  return 'its neighbours run in float';
}

const unknown = 'the runtime did not fuse it';
