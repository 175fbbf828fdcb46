import { DatafreeError, isDatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../graph/builder.ts';

/** Does work on what a builder wrote; an error about an inlined node tells the name that people know. */
export async function inOwnNames<T>(builder: GraphBuilder, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDatafreeError(error) || error.node === undefined) throw error;
    const name = builder.nameOf(error.node);
    if (name === error.node) throw error;
    const message = error.message.replaceAll(error.node, name);
    throw new DatafreeError(error.code, message, { ...error.toJSON(), node: name, cause: error.cause ?? error });
  }
}
