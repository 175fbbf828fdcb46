import { bind, float32Of } from '@datafree/core';
import type { Graph, Model, Runtime, Tensor } from '@datafree/plugin';

/** What a network gives for all samples at once; other values of it by name. */
export async function outputOf(
  runtime: Runtime,
  graph: Graph,
  model: Model,
  x: Tensor<'float32'>,
  name: string = model.output.name,
): Promise<Float32Array> {
  const inner = name === model.output.name ? graph : bind(graph, { N: x.dims[0] as number }, { keep: [name] });
  const session = await runtime.compile(inner, { threads: 1 });
  try {
    return float32Of((await session.run({ [model.input.name]: x }, [name]))[name] as Tensor);
  } finally {
    await session.dispose();
  }
}

/** Root mean square of the difference, relative to that of `right`. */
export function distance(left: Float32Array, right: Float32Array): number {
  let difference = 0;
  let size = 0;
  left.forEach((value, i) => {
    difference += (value - (right[i] as number)) ** 2;
    size += (right[i] as number) ** 2;
  });
  return Math.sqrt(difference / (size || 1));
}
