import { type CompileOptions, DatafreeError, type Graph } from '@datafree/plugin';
import { quoted } from './quoted.ts';
import { kindOf } from './wellFormed.ts';

/**
 * Checks what a runtime is asked to compile.
 *
 * @throws `model-invalid` for what is no graph, as the model around one; `option-invalid` for a number of threads that
 *   there is not, and for carried names that are no input or no output of the graph
 */
export function requireCompilable(graph: Graph, options: CompileOptions = {}): void {
  requireGraph(graph);
  if (graph.outputs.length === 0) {
    throw new DatafreeError('model-invalid', `Graph "${graph.name}" has no outputs, so there is nothing to compute.`, {
      hint: 'Name what it is to give with `output` of the GraphBuilder.',
    });
  }
  const { threads, carried } = options ?? {};
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw optionInvalid(
      'threads',
      `is ${JSON.stringify(threads)}`,
      'Give a whole number of at least 1, or leave it out.',
    );
  }
  if (carried === undefined) return;
  if (!(carried instanceof Map)) {
    throw optionInvalid('carried', `is ${kindOf(carried)}`, 'Give a Map from names of inputs to names of outputs.');
  }
  const inputs = graph.inputs.map(({ name }) => name);
  const outputs = graph.outputs.map(({ name }) => name);
  if (new Set(carried.values()).size < carried.size) {
    throw optionInvalid('carried', 'names an output twice', 'Let each input become an output of its own.');
  }
  for (const [input, output] of carried as ReadonlyMap<string, string>) {
    if (!inputs.includes(input)) throw optionInvalid('carried', `names the input ${quoted([input])}`, has(inputs));
    if (!outputs.includes(output)) throw optionInvalid('carried', `names the output ${quoted([output])}`, has(outputs));
  }
}

/** @throws `model-invalid` for what is no graph, as the model around one */
export function requireGraph(graph: Graph): void {
  if (Array.isArray(graph?.nodes) && Array.isArray(graph.inputs) && graph.initializers !== undefined) return;
  throw new DatafreeError('model-invalid', `A graph is needed, not ${kindOf(graph)} without nodes.`, {
    hint: 'Give the `graph` of a loaded model, or what `build()` of a GraphBuilder returns.',
  });
}

function optionInvalid(path: string, problem: string, hint: string): DatafreeError {
  return new DatafreeError('option-invalid', `The option "${path}" of compile ${problem}, which it cannot take.`, {
    path,
    hint,
  });
}

function has(names: readonly string[]): string {
  return `The graph has ${quoted(names) || 'none'}.`;
}
