import type { DType, Tensor } from '@datafree/plugin';
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
export function tensorFault({ dtype, dims, data }: Tensor): string | undefined {
  const fault = typeFault(dtype, dims);
  if (fault !== undefined) return fault;
  const needed = allocate(dtype, 0);
  if (kindOf(data) !== kindOf(needed)) {
    return `holds ${nameOf(data)}, where ${dtype} is kept in ${nameOf(needed)}`;
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

/** The built-in kind of an object, which is the same in every realm (test runners have several). */
function kindOf(data: unknown): string {
  return Object.prototype.toString.call(data);
}

function nameOf(data: unknown): string {
  const name = kindOf(data).slice('[object '.length, -1);
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
