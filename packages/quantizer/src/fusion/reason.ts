import type { Node } from '@datafree/plugin';
import { isPacked } from '../emit/container.ts';
import type { LayerWeights } from '../emit/layerWeights.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';

/** Why a layer runs in float, in words. */
export function floatReason(
  node: Node,
  plan: Plan,
  topology: Topology,
  weights: LayerWeights | undefined,
  excluded: boolean,
): string {
  if (excluded) return 'excluded by the options';
  if (weights !== undefined && isPacked(weights.container))
    return 'its 4-bit weights are unpacked to float at each run';
  if (node.op === 'ConvTranspose')
    return 'the runtime has no integer kernel for ConvTranspose; its weights are stored as integers';
  const role = plan.roles.get(node);
  if (role === 'weighted') {
    return node.outputs.some((name) => topology.isOutput(name)) ? 'its result is an output of the network' : unknown;
  }
  if ((node.op === 'Conv' || node.op === 'Gemm' || node.op === 'ConvTranspose') && role === 'float') {
    return 'its weights are not constant';
  }
  if (role === 'float') return `the runtime has no integer kernel for ${node.op}`;
  if (role === 'activation') return 'its input is used by other layers too, so that it cannot fall away';
  if (!plan.integer.has(node)) {
    if (!plan.reach.after.has(node)) return 'it works on the network input before the first layer with weights';
    if (!plan.reach.before.has(node)) return 'it follows the last layer with weights';
    return 'its neighbours run in float';
  }
  return unknown;
}

const unknown = 'the runtime did not fuse it';
