import { inferTypes, type TensorType } from '@datafree/core';
import { DatafreeError, type Graph, type Model, type Runtime } from '@datafree/plugin';
import { bare } from './observe.ts';

/**
 * A runtime that runs no backward graphs and says so. A graph counts as one when it computes a value of the shape of
 * the network's input from what a convolution of the network gives: that is what a derivative by the input is. The
 * values inside the network must have other shapes, as those of `smallNetwork` have.
 */
export function withoutGradients(runtime: Runtime, model: Model): Runtime {
  return {
    ...bare(runtime),
    supports: { ...runtime.supports, gradients: false },
    async compile(graph, options) {
      const value = backwardValue(graph, model);
      if (value === undefined) return runtime.compile(graph, options);
      throw new DatafreeError(
        'runtime-failed',
        `This runtime runs no backward graphs, and "${value}" is a derivative.`,
      );
    },
  };
}

function backwardValue(graph: Graph, model: Model): string | undefined {
  const kernels = new Set(
    model.graph.nodes.flatMap((node) =>
      node.op === 'Conv' ? [String(model.graph.initializers.get(node.inputs[1] as string)?.dims)] : [],
    ),
  );
  const types = typesOf(graph);
  const shape = (name: string): string => String(types.get(name)?.shape);
  const sample = String(model.input.shape.slice(1));
  const after = new Set<string>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const convolves = op === 'Conv' && kernels.has(shape(inputs[1] as string));
    if (!convolves && !inputs.some((name) => after.has(name))) continue;
    for (const name of outputs) {
      if (String(types.get(name)?.shape.slice(1)) === sample) return name;
      after.add(name);
    }
  }
  return undefined;
}

function typesOf(graph: Graph): ReadonlyMap<string, TensorType> {
  const free = graph.inputs.flatMap(({ shape }) => shape.filter((dim) => typeof dim === 'string'));
  try {
    return inferTypes(graph, Object.fromEntries(free.map((name) => [name, 2])));
  } catch {
    // What has no shape rule here is left to the runtime to judge.
    return new Map();
  }
}
