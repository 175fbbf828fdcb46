import type { Tensor } from '@datafree/plugin';
import { GraphBuilder } from '../graph/builder.ts';
import { interpret } from '../graph/interpret.ts';
import type { Value } from '../graph/operator.ts';

/**
 * Evaluates an operation by its reference, on tensors as they are.
 *
 * @throws Error when a result is not of the type and shape that the shape rule said
 */
export function run(
  inputs: readonly Tensor[],
  build: (b: GraphBuilder, inputs: Value[]) => Value | readonly Value[],
): Tensor[] {
  const b = new GraphBuilder();
  const built = build(
    b,
    inputs.map((tensor, i) => b.input(`input${i}`, tensor.dtype, tensor.dims)),
  );
  const values = Array.isArray(built) ? (built as readonly Value[]) : [built as Value];
  values.forEach((value, i) => {
    b.output(value, `output${i}`);
  });
  const results = interpret(b.build(), Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor])));
  return values.map(({ dtype, shape }, i) => {
    const result = results[`output${i}`] as Tensor;
    if (result.dtype !== dtype || String(result.dims) !== String(shape)) {
      throw new Error(`Output ${i} is ${result.dtype} [${result.dims}], the shape rule says ${dtype} [${shape}].`);
    }
    return result;
  });
}
