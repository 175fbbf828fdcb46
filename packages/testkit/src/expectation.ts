import { type DatafreeError, type ErrorCode, isDatafreeError } from '@datafree/plugin';

/** @throws an Error that says `otherwise` */
export function must(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/**
 * The error that a work is refused with.
 *
 * @param what what is to be refused, for messages
 * @param codes the codes it may carry; any when absent
 * @throws an Error when nothing is refused, or with something else than such a {@link DatafreeError}
 */
export async function refusal(what: string, work: () => unknown, codes?: readonly ErrorCode[]): Promise<DatafreeError> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  must(error !== undefined, `${what} is not refused`);
  must(isDatafreeError(error), `${what} is refused by something else than a DatafreeError: ${error}`);
  if (codes !== undefined) {
    const wanted = codes.join(' or ');
    must(codes.includes(error.code), `${what} is refused with ${error.code} instead of ${wanted}: ${error.message}`);
  }
  return error;
}

/** @throws an Error that says where bytes differ */
export function mustEqual(what: string, left: Uint8Array, right: Uint8Array): void {
  must(left.length === right.length, `${what}: ${left.length} bytes and ${right.length} bytes`);
  const at = left.findIndex((byte, i) => byte !== right[i]);
  must(at < 0, `${what}: the bytes differ from position ${at}`);
}
