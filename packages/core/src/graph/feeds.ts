import { DatafreeError, type Tensor, type Tensors, type ValueInfo } from '@datafree/plugin';
import { quoted } from './quoted.ts';
import { tensorFault } from './wellFormed.ts';

/**
 * What a graph is fed for an input.
 *
 * @throws `runtime-failed` naming the input, for one that is not given, is no tensor, or has another element type or
 *   shape than the graph says
 */
export function fedTo(input: ValueInfo, feeds: Tensors): Tensor {
  const { name, dtype, shape } = input;
  const tensor = feeds?.[name];
  if (tensor === undefined) throw misfed(input, 'was not given', `Feed the tensor as { ${JSON.stringify(name)}: … }.`);
  if (typeof tensor !== 'object' || tensor === null || !('data' in tensor)) {
    throw misfed(input, 'was given no tensor', 'Make one of numbers with tensorOf.');
  }
  const fault = tensorFault(tensor);
  if (fault !== undefined) throw misfed(input, `was given a tensor that ${fault}`, 'Make it with tensorOf.');
  if (tensor.dtype !== dtype) {
    throw misfed(
      input,
      `is of type ${tensor.dtype} instead of ${dtype}`,
      `Make it of numbers with tensorOf('${dtype}', …).`,
    );
  }
  const { dims } = tensor;
  const fits = dims.length === shape.length && shape.every((dim, i) => typeof dim === 'string' || dim === dims[i]);
  if (!fits) throw misshapen(input, tensor);
  return tensor;
}

/**
 * The size of each free dimension, from what is fed.
 *
 * @throws `runtime-failed` as {@link fedTo}, and for two sizes of one dimension
 */
export function sizesOf(inputs: readonly ValueInfo[], feeds: Tensors): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const input of inputs) {
    const tensor = fedTo(input, feeds);
    input.shape.forEach((dim, axis) => {
      if (typeof dim !== 'string') return;
      const size = tensor.dims[axis] as number;
      sizes[dim] ??= size;
      if (sizes[dim] !== size) throw misshapen(input, tensor, ` where ${dim} is ${sizes[dim]}`);
    });
  }
  return sizes;
}

/**
 * Refuses names that are no outputs of a graph.
 *
 * @param outputs the names of the graph's outputs
 * @throws `value-unknown`
 */
export function requireOutputs(outputs: readonly string[], wanted: readonly string[]): void {
  if (!Array.isArray(wanted)) {
    throw new DatafreeError('value-unknown', 'The outputs that are wanted are no list of names.', {
      hint: `Give a list: run(feeds, [${JSON.stringify(outputs[0] ?? 'y')}]).`,
    });
  }
  const unknown = wanted.find((name) => !outputs.includes(name));
  if (unknown === undefined) return;
  throw new DatafreeError('value-unknown', `The graph has no output "${unknown}".`, {
    tensor: unknown,
    hint: outputs.length === 0 ? 'It has none.' : `It has ${quoted(outputs)}.`,
  });
}

function misshapen(input: ValueInfo, { dims }: Tensor, where = ''): DatafreeError {
  const problem = `has the shape [${dims}] instead of [${input.shape}]${where}`;
  return misfed(input, problem, 'Feed the shape that the graph has; a name in it stands for any size.');
}

function misfed({ name }: ValueInfo, problem: string, hint: string): DatafreeError {
  return new DatafreeError('runtime-failed', `The input "${name}" ${problem}.`, { tensor: name, hint });
}
