import { operatorSetOf } from '@datafree/core';
import { decodeModel, foldBatchNorms } from '@datafree/onnx';
import { checkGiven, DatafreeError, type Model, type Quantized, type ValueInfo } from '@datafree/plugin';
import { quantizedBits, sharedSigns } from '@datafree/student';
import { type ModelFile, readModelFile } from './file.ts';

/** Part of the weights that have the sign of the network's at least: chance gives one half, learning leaves most. */
const leastShared = 0.65;

/** A quantised network, and the file that it was read from. */
export interface OpenedQuantized {
  readonly quantized: Quantized;
  readonly file: ModelFile;
}

/**
 * Reads a file of QuantizeLinear and DequantizeLinear pairs as the quantised form of a network.
 *
 * @param model the network that it was quantised from
 * @param bits of the weights and activations; read from the file where absent
 * @throws `option-invalid`, `model-not-found`, `file-unreadable`, `model-too-large`, `unsupported` when nothing in it is quantised, `shape-mismatch` when it
 * has other inputs or outputs than the network, `unsupported` when its weights are those of another network, and what
 * `decodeModel` throws
 */
export async function openQuantized(
  path: string,
  model: Model,
  bits: { readonly weights?: number | undefined; readonly activations?: number | undefined } = {},
): Promise<OpenedQuantized> {
  checkGiven('openQuantized', { model });
  const { inputs, outputs } = model.graph;
  const file = await readModelFile(path);
  const graph = decodeModel(file.bytes, { externalData: file.externalData });
  const own = quantizedBits(graph);
  if (own === undefined) {
    throw new DatafreeError('unsupported', `${path} holds no pairs of QuantizeLinear and DequantizeLinear.`, {
      path,
      hint: 'Give a file that datafree compress wrote, or another one in the QDQ format.',
    });
  }
  const [wanted, found] = [
    [...inputs, ...outputs],
    [...graph.inputs, ...graph.outputs],
  ].map((values) => values.map(describe).join(', '));
  if (found !== wanted) {
    throw new DatafreeError('shape-mismatch', `${path} has ${found}, the network ${wanted}.`, {
      path,
      hint: 'Give the network that it was quantised from.',
    });
  }
  const shared = sharedSigns(graph, foldBatchNorms(model.graph, operatorSetOf(model)));
  if (shared !== undefined && shared < leastShared) {
    const part = `${Math.round(100 * shared)} % of the weights`;
    throw new DatafreeError('unsupported', `${path} was quantised from another network: ${part} have the same sign.`, {
      path,
      hint: 'Give the network that it was quantised from.',
    });
  }
  const unknown = `No weight of ${path} has the name of one of the network: whether it was quantised from this one is not known.`;
  return {
    file,
    quantized: {
      // Free dimensions may have other names.
      graph: { ...graph, inputs, outputs },
      bits: { weights: bits.weights ?? own.weights, activations: bits.activations ?? own.activations },
      warnings: shared === undefined ? [unknown] : [],
    },
  };
}

function describe({ name, dtype, shape }: ValueInfo): string {
  return `${name} ${dtype}[${shape.map((size) => (typeof size === 'number' ? size : '?')).join(', ')}]`;
}
