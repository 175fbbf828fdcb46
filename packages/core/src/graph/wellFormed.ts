import { DatafreeError, type DType, type Tensor } from '@datafree/plugin';
import { allocate, elementCount } from '../tensor.ts';

/** What is wrong with an element type or a shape: sizes are whole and not negative. Undefined where nothing is. */
export function typeFault(dtype: DType, shape: readonly number[]): string | undefined {
  if (!isElementType(dtype))
    return `has the element type ${JSON.stringify(dtype) ?? String(dtype)}, which there is not`;
  if (!Array.isArray(shape)) return `has no shape, but ${String(shape)}`;
  if (shape.every((size) => Number.isInteger(size) && size >= 0)) return undefined;
  return `has the shape [${shape}], whose sizes are not all whole numbers of at least 0`;
}

/** What is wrong with a tensor: its type, or data of another storage or length than they need. */
export function tensorFault(tensor: Tensor): string | undefined {
  if (typeof tensor !== 'object' || tensor === null) return `is no tensor, but ${kindOf(tensor)}`;
  const { dtype, dims, data } = tensor;
  const fault = typeFault(dtype, dims);
  if (fault !== undefined) return fault;
  const needed = allocate(dtype, 0);
  if (kindOf(data) !== kindOf(needed)) {
    return `holds ${kindOf(data)}, where ${dtype} is kept in ${kindOf(needed)}`;
  }
  const length = dtype === 'int4' || dtype === 'uint4' ? (elementCount(dims) + 1) >> 1 : elementCount(dims);
  if (data.length === length) return undefined;
  return `has ${data.length} ${data.length === 1 ? 'value' : 'values'}, where ${dtype}[${dims}] has ${length}`;
}

function isElementType(dtype: DType): boolean {
  try {
    return allocate(dtype, 0) !== undefined;
  } catch {
    return false;
  }
}

/**
 * What an operator gave by one of its rules, as a list of tensors.
 *
 * @param rule the name of the rule, for the message
 * @throws `plugin-failed` for what is none
 */
export function requireTensors(outputs: readonly Tensor[], rule: 'evaluate' | 'known'): readonly Tensor[] {
  const faults = Array.isArray(outputs)
    ? outputs.map((output) => (output === undefined ? undefined : tensorFault(output)))
    : ['is no list'];
  const output = faults.findIndex((fault) => fault !== undefined);
  if (output === -1) return outputs;
  throw new DatafreeError('plugin-failed', `by its evaluation output ${output} ${faults[output]}.`, {
    hint: `Correct the \`${rule}\` of the operator: it gives a tensor, as tensorOf makes one, for each output.`,
  });
}

/** The built-in kind of a value with its article, which is the same in every realm (test runners have several). */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
