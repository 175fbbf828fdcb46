import { gridOf, type Preprocess } from '@datafree/data';
import { type LoadOptions, loadModel } from '@datafree/onnx';
import { checkNames, type Model } from '@datafree/plugin';
import { type ModelFile, readModelFile } from './file.ts';

/** How a model file is opened. */
export interface OpenModelOptions
  extends Pick<LoadOptions, 'inputShape' | 'requireBatchNorm' | 'operators' | 'logger'> {
  /** How pixels become the input; nothing is known of it when absent. */
  readonly preprocess?: Preprocess | undefined;
}

/** A model, and the file that it was read from. */
export interface OpenedModel {
  readonly model: Model;
  readonly file: ModelFile;
}

/**
 * Reads a model file and prepares the network for data-free work.
 *
 * @throws `option-invalid`, `model-not-found`, `file-unreadable`, `model-too-large`, and what `loadModel` throws
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<OpenedModel> {
  checkNames('openModel', options, ['preprocess', 'inputShape', 'requireBatchNorm', 'operators', 'logger']);
  const { preprocess, ...loading } = options;
  const file = await readModelFile(path);
  const model = loadModel(file.bytes, { ...loading, externalData: file.externalData, hash: file.hash });
  const channels = model.input.shape[1] as number;
  const grid = preprocess && gridOf(preprocess, channels);
  return { file, model: grid === undefined ? model : { ...model, grid } };
}
