import {
  checkNames,
  DatafreeError,
  type Logger,
  type ProgressListener,
  type SampleSet,
  wrongArgument,
} from '@datafree/plugin';
import { type Contender, type ContenderOptions, openContender } from './contender.ts';
import { type Evaluation, evaluate } from './evaluate.ts';

/** What {@link evaluateModels} is given. */
export interface EvaluateModelsOptions {
  /** Paths of ONNX files; the others are compared with the first. */
  readonly models: readonly string[];
  /** What they are run on, in the form that they all take. */
  readonly samples: SampleSet;
  /** Samples in a run; 32 when absent. */
  readonly batch?: number | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Is warned of networks that were exported in training mode: they are run in inference mode. */
  readonly logger?: Logger | undefined;
}

/**
 * Runs model files side by side on the same samples: accuracy, agreement with the first model, time and size.
 *
 * @throws `option-invalid`, what reading a model throws, `data-shape`, `labels-length`, `unsupported`, `not-finite`, `aborted`
 */
export async function evaluateModels(options: EvaluateModelsOptions): Promise<readonly Evaluation[]> {
  checkNames('evaluateModels', options, ['models', 'samples', 'batch', 'threads', 'signal', 'onProgress', 'logger']);
  needed('models', options.models, 'an array of paths', Array.isArray(options.models));
  needed('samples', options.samples, 'a set of samples', typeof options.samples?.batches === 'function');
  const { models, samples, threads, batch = 32, signal, onProgress = () => {}, logger } = options;
  return withContenders(models, { threads, inputShape: samples.shape, logger }, (contenders) =>
    evaluate(contenders, samples, { batch: Math.min(batch, samples.count), signal, onProgress }),
  );
}

function needed(path: string, value: unknown, what: string, sound: boolean): void {
  const hint = 'Models are paths of ONNX files; samples are what openData() or openSamples() gives.';
  if (!sound) throw wrongArgument('evaluateModels', path, value, { needed: what, hint });
}

/** Opens model files that take samples of one shape, and disposes of them when the work is done. */
export async function withContenders<T>(
  models: readonly string[],
  options: ContenderOptions,
  work: (contenders: readonly [Contender, ...Contender[]]) => Promise<T>,
): Promise<T> {
  const contenders: Contender[] = [];
  try {
    for (const path of models) contenders.push(await openContender(path, options));
    const [first, ...others] = contenders;
    if (first === undefined)
      throw new DatafreeError('option-invalid', 'There is no model to evaluate.', { path: 'models' });
    for (const { path, shape } of others) {
      if (String(shape) === String(first.shape)) continue;
      throw new DatafreeError(
        'data-shape',
        `${path} takes samples of shape [${shape.join(', ')}], ${first.path} of [${first.shape.join(', ')}].`,
        { path, hint: 'Compare networks that take the same samples.' },
      );
    }
    return await work([first, ...others]);
  } finally {
    for (const contender of contenders) await contender.dispose();
  }
}
