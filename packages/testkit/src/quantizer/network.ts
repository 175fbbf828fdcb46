import { decodeModel, encodeModel } from '@datafree/onnx';
import type { Graph, Model, Quantized, Runtime, SampleSet } from '@datafree/plugin';
import { must, mustEqual } from '../expectation.ts';

/** What a network gives for samples, read `size` at a time. */
export async function outputsOf(graph: Graph, samples: SampleSet, runtime: Runtime, size = 8): Promise<Float32Array> {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  must(input !== undefined && output !== undefined, 'the graph has no input or no output');
  const session = await runtime.compile(graph, { threads: 1 });
  const values: number[] = [];
  try {
    for await (const { data } of samples.batches(size)) {
      const { [output.name]: result } = await session.run({ [input.name]: data });
      must(result !== undefined, `"${output.name}" is not returned`);
      for (const value of result.data as Float32Array) values.push(value);
    }
  } finally {
    await session.dispose();
  }
  return Float32Array.from(values);
}

/** @throws an Error unless the graph has the border of the network, its batch axis free, and runs to finite values */
export async function mustRun({ graph }: Quantized, model: Model, samples: SampleSet, runtime: Runtime): Promise<void> {
  const border = (values: Graph['inputs']) =>
    values.map(
      ({ name, dtype, shape }) => `${name} ${dtype} [${shape.map((dim) => (typeof dim === 'string' ? 'N' : dim))}]`,
    );
  for (const side of ['inputs', 'outputs'] as const) {
    const [got, wanted] = [border(graph[side]).join(', '), border(model.graph[side]).join(', ')];
    must(got === wanted, `the ${side} are ${got} instead of ${wanted}`);
  }
  const outputs = await outputsOf(graph, samples, runtime);
  must(outputs.every(Number.isFinite), 'the network gives values that are not finite');
  const alone = await outputsOf(graph, samples, runtime, 1);
  must(distance(alone, outputs) < 1e-3, 'samples run one by one give something else than together');
}

/** @throws an Error unless the file of the graph runs and gives what the graph gives */
export async function mustSurviveItsFile({ graph }: Quantized, samples: SampleSet, runtime: Runtime): Promise<void> {
  const file = encodeModel(graph);
  const read = decodeModel(file);
  mustEqual('the file, written, read and written again', file, encodeModel(read));
  const [own, again] = [await outputsOf(graph, samples, runtime), await outputsOf(read, samples, runtime)];
  must(distance(again, own) < 1e-5, 'the network of the file gives other values');
}

/** Root mean square of the difference, by that of `right`. */
export function distance(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < right.length; i++) {
    difference += ((left[i] as number) - (right[i] as number)) ** 2;
    size += (right[i] as number) ** 2;
  }
  return Math.sqrt(difference / (size || 1));
}
