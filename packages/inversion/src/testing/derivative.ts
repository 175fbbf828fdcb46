import { differentiate, GraphBuilder, interpret, tensorOf, type Value } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';

/** What a scalar of one input is at `x`, and its derivative; both in double precision. */
export function valueAndGradient(
  x: Tensor<'float32'>,
  write: (b: GraphBuilder, x: Value) => Value,
): { value: number; gradient: Float64Array } {
  const { graph, run } = scalarOf(x, write, true);
  const outputs = run(graph, x.data);
  return { value: outputs('value')[0] as number, gradient: outputs('gradient') };
}

/** The derivative by central differences at the given elements. */
export function centralDifferences(
  x: Tensor<'float32'>,
  write: (b: GraphBuilder, x: Value) => Value,
  elements: readonly number[],
): number[] {
  const { graph, run } = scalarOf(x, write, false);
  const step = 1e-4;
  const at = (element: number, by: number): number => {
    const moved = Float64Array.from(x.data);
    moved[element] = (moved[element] as number) + by;
    return run(graph, moved)('value')[0] as number;
  };
  return elements.map((element) => (at(element, step) - at(element, -step)) / (2 * step));
}

function scalarOf(x: Tensor<'float32'>, write: (b: GraphBuilder, x: Value) => Value, gradient: boolean) {
  const b = new GraphBuilder();
  const input = b.input('x', 'float32', x.dims);
  const value = write(b, input);
  b.output(value, 'value');
  if (gradient) b.output(differentiate(b, value, [input])[0] as Value, 'gradient');
  const run = (graph: Graph, data: ArrayLike<number>) => {
    const outputs = interpret(graph, { x: tensorOf('float64', x.dims, data) }, { double: true });
    return (name: string) => outputs[name]?.data as Float64Array;
  };
  return { graph: b.build(), run };
}
