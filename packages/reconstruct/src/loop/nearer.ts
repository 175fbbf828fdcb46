import type { Context, Graph, Quantized } from '@datafree/plugin';
import type { Block } from '../blocks/blocks.ts';
import { type ActivationSource, collectActivations, windowOf } from './activations.ts';
import { measuredError } from './measure.ts';

/** What the two are compared on: the network, its samples, and the block that it ends with. */
export interface Comparison extends Pick<ActivationSource, 'model' | 'samples' | 'batch'> {
  readonly last: Block;
}

/**
 * The reconstructed network, or what it was made from where that is nearer to the network as a whole, with a warning:
 * blocks that are each nearer on what they are fed do not have to add up, as where few bits have brought the network far
 * away.
 */
export async function nearer(
  { model, samples, batch, last }: Comparison,
  quantized: Quantized,
  graph: Graph,
  context: Context,
): Promise<Quantized> {
  const block: Block = { ...last, entry: model.input.name, entryShape: samples.shape };
  const source = { model, samples, batch, block, quantised: graph };
  const activations = await collectActivations(source, 0, windowOf(source), context);
  const error = (own: Graph) => measuredError(own, block, activations, source, context);
  const [before, after] = [await error(quantized.graph), await error(graph)];
  if (after <= before) return { ...quantized, graph };
  const [is, was] = [after, before].map((value) => value.toPrecision(4));
  const warning = `Reconstruction brought the network as a whole no nearer (error ${is}, ${was} before): it stays as it was.`;
  context.logger.warn(warning);
  return { ...quantized, warnings: [...quantized.warnings, warning] };
}
