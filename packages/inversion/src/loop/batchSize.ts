import { elementCount, inferTypes, isFloat, operatorSetOf } from '@datafree/core';
import type { Model } from '@datafree/plugin';

/** Activations and their gradients may take about this much memory. */
const budgetBytes = 512 * 2 ** 20;

/** A step holds about half as much again as the activations of a forward pass. */
const stepFactor = 1.5;

/**
 * The number of samples to optimise together: at most `most`, fewer where their activations would not fit into half a
 * gibibyte, at least 4. A power of two.
 */
export function automaticBatch(model: Model, copies: number, most: number): number {
  const perSample = activationBytes(model) * stepFactor * copies;
  const fits = Math.floor(budgetBytes / perSample);
  return Math.max(4, Math.min(most, 2 ** Math.floor(Math.log2(Math.max(1, fits)))));
}

/** Bytes of all inner values of the network for one sample. */
function activationBytes(model: Model): number {
  const [samples] = model.input.shape;
  const types = inferTypes(model.graph, typeof samples === 'string' ? { [samples]: 1 } : {}, operatorSetOf(model));
  const values = model.graph.nodes.flatMap((node) => node.outputs).map((name) => types.get(name));
  return values.reduce(
    (sum, type) => sum + (type !== undefined && isFloat(type.dtype) ? 4 * elementCount(type.shape) : 0),
    0,
  );
}
