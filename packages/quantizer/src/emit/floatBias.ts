import { attribute, float32Of } from '@datafree/core';
import type { Node, Tensor } from '@datafree/plugin';
import { type QuantizedBias, quantizeBias } from '../grid/bias.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';

/** Steps of its largest value that a bias is stored in: finer than float32 has them. */
const steps = 2 ** 30;

/**
 * The bias that keeps a layer in floating point. Where the input of a layer is dequantised and weight and bias are
 * constants, onnxruntime rounds both, the weight in one step for all channels; so the bias becomes one that it has to
 * compute.
 *
 * @returns undefined where a layer stays in floating point as it is
 */
export function floatBias(node: Node, plan: Plan, topology: Topology): QuantizedBias | undefined {
  const [input, weight, bias = ''] = node.inputs as [string, string, string?];
  const kernel = topology.constant(weight);
  if (!rounded.has(node.op) || !plan.points.has(input) || kernel?.dtype !== 'float32') return undefined;
  const given = topology.constant(bias);
  if (bias !== '' && given?.dims.length !== 1) return undefined;
  const values = given === undefined ? new Float32Array(outputsOf(node, kernel)) : float32Of(given);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return quantizeBias(values, 1, Float32Array.of(largest / steps || 1));
}

const rounded: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm']);

function outputsOf(node: Node, { dims }: Tensor): number {
  const [first, second] = dims as [number, number];
  if (node.op === 'ConvTranspose') return second * attribute.intOf(node, 'group', 1);
  return node.op === 'Gemm' && attribute.intOf(node, 'transB', 0) === 0 ? second : first;
}
