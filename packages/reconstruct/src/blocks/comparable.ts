import { batchSizes, fixedBatch, inferTypes, operatorSetOf, type TensorType } from '@datafree/core';
import type { Graph, Model } from '@datafree/plugin';

/** Shapes of the activations that the network and its quantised form both have. */
export interface Comparable {
  /** Shape of one sample of an activation, without the batch axis; undefined where the two cannot be compared. */
  shapeOf(name: string): readonly number[] | undefined;
}

/**
 * The activations that a network and its quantised form have under one name and in one shape, a sample an entry of
 * axis 0. Which axis grows with the batch is found by binding at two sizes.
 */
export function comparableValues(model: Model, quantised: Graph): Comparable {
  const fixed = fixedBatch(model.input);
  const batches = fixed === undefined ? [2, 3] : [fixed];
  const shapes = batches.map((batch) => {
    const sizes = batchSizes(model.input, batch);
    const types = (graph: Graph) => inferTypes(graph, sizes, operatorSetOf(model));
    return { batch, original: types(model.graph), quantised: types(quantised) };
  });
  return {
    shapeOf: (name) => {
      const found = shapes.map(({ batch, original, quantised: own }) =>
        sampleShape(batch, original.get(name), own.get(name)),
      );
      const [first] = found;
      return found.every((shape) => shape !== undefined && String(shape) === String(first)) ? first : undefined;
    },
  };
}

function sampleShape(batch: number, one?: TensorType, other?: TensorType): readonly number[] | undefined {
  if (one?.dtype !== 'float32' || other?.dtype !== 'float32') return undefined;
  if (String(one.shape) !== String(other.shape) || one.shape[0] !== batch) return undefined;
  return one.shape.slice(1);
}
