import type { Dim, DType, Session, ValueInfo } from '@datafree/plugin';
import { loadLibrary } from './library.ts';
import { type OrtOptions, parseOrtOptions } from './options.ts';
import { createNative, sessionOf } from './session.ts';

/** A model file that is ready to run, with what it takes and gives. */
export interface OrtFile extends Session {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/**
 * Makes a model file ready to run as it is, without reading it into a graph: for networks that others wrote, and to
 * time one as it is on the disk.
 *
 * @param path weights in side files are looked up beside it
 * @throws `option-invalid`, `runtime-missing`, `provider-unavailable`, `runtime-failed`
 */
export async function ortFile(path: string, options: OrtOptions = {}): Promise<OrtFile> {
  const parsed = parseOrtOptions(options);
  const library = await loadLibrary(parsed);
  const native = await createNative(library, { name: path, model: path }, parsed, {});
  return {
    ...sessionOf(library, native, { name: path }),
    inputs: valuesOf(native.inputMetadata),
    outputs: valuesOf(native.outputMetadata),
  };
}

/** Values that are not tensors (sequences, maps) are left out. */
function valuesOf(metadata: readonly Metadata[]): ValueInfo[] {
  return metadata.flatMap(({ name, isTensor, type, shape }) =>
    isTensor ? [{ name, dtype: type as DType, shape: shape as readonly Dim[] }] : [],
  );
}

interface Metadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}
