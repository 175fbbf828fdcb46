import { attribute, float32Of, int64Of, type TensorType, tensorOf } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { reachOf } from '../plan/reach.ts';
import { Topology } from '../topology.ts';
import { rewriteNodes } from './rewrite.ts';

/**
 * Writes a last Conv that sees a single position as a Gemm. The integer kernel of Gemm gives float sums, so that the
 * logits are not rounded to 256 levels.
 */
export function lastConvToGemm(graph: Graph, types: ReadonlyMap<string, TensorType>): Graph {
  const { before } = reachOf(new Topology(graph), (node) => node.op === 'Conv' || node.op === 'Gemm');
  return rewriteNodes(graph, (node, topology) => {
    if (node.op !== 'Conv' || node.domain !== '' || before.has(node)) return undefined;
    const [x, weightName, biasName = ''] = node.inputs as [string, string, string?];
    const weight = topology.constant(weightName);
    const bias = topology.constant(biasName);
    const single = [x, node.outputs[0] as string].every((name) => hasOnePosition(types.get(name)));
    if (weight?.dtype !== 'float32' || !single || attribute.intOf(node, 'group', 1) !== 1) return undefined;
    if (weight.dims.slice(2).some((size) => size !== 1)) return undefined;
    const [outputs, inputs] = weight.dims as [number, number];
    const spatial = weight.dims.slice(2);
    const names = {
      flat: `${node.name}.flat`,
      result: `${node.name}.result`,
      weight: `${node.name}.weight`,
      shape: `${node.name}.shape`,
    };
    return {
      nodes: [
        { ...node, name: names.flat, op: 'Flatten', inputs: [x], outputs: [names.flat], attributes: {} },
        {
          ...node,
          op: 'Gemm',
          inputs: [names.flat, names.weight, ...(bias === undefined ? [] : [biasName])],
          outputs: [names.result],
          attributes: { transB: attribute.int(1) },
        },
        { ...node, name: names.shape, op: 'Reshape', inputs: [names.result, names.shape], attributes: {} },
      ],
      initializers: {
        [names.weight]: tensorOf('float32', [outputs, inputs], float32Of(weight as Tensor)),
        [names.shape]: int64Of([-1, outputs, ...spatial]),
      },
    };
  });
}

function hasOnePosition(type: TensorType | undefined): boolean {
  return type !== undefined && type.shape.length > 2 && type.shape.slice(2).every((size) => size === 1);
}
