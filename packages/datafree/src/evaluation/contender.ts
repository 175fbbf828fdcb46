import { elementCount, tensorOf } from '@datafree/core';
import { decodeModel, hasUnknownRank } from '@datafree/onnx';
import { DatafreeError, type Logger, type SampleBatch, type Tensor, type ValueInfo } from '@datafree/plugin';
import { ort, ortFile } from '@datafree/runtime-ort';
import { readModelFile } from '../model/file.ts';
import { inTraining } from './training.ts';

/** A model file that takes part in an evaluation. */
export interface Contender {
  readonly path: string;
  readonly bytes: number;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  /** Number of classes; undefined where the file leaves it open. */
  readonly classes: number | undefined;
  /** Runs consecutive samples; a network of a fixed batch in several runs, the last one filled up. */
  run(batch: SampleBatch): Promise<readonly Tensor[]>;
  dispose(): Promise<void>;
}

/** How a model file is opened. */
export interface ContenderOptions {
  readonly threads?: number | undefined;
  /** Shape of one sample, where the file leaves it free; it must fit the file's. */
  readonly inputShape?: readonly number[] | undefined;
  /** Shape of the samples that there are: taken where the file leaves it free and nothing else is given. */
  readonly sampleShape?: readonly number[] | undefined;
  /** Is warned of a network that is not run as it is. */
  readonly logger?: Logger | undefined;
}

/**
 * Checks a model file and makes it ready to run as it is. A network that was exported in training mode is run in
 * inference mode, as everything else here takes it.
 *
 * @throws what `decodeModel` throws, `model-not-found`, `several-inputs`, `input-unsupported`, `runtime-failed`
 */
export async function openContender(
  path: string,
  { threads, inputShape, sampleShape, logger }: ContenderOptions,
): Promise<Contender> {
  const file = await readModelFile(path);
  const { externalData } = file;
  const graph = decodeModel(file.bytes, { externalData });
  const { inputs, outputs } = graph;
  const input = theInput(path, inputs);
  const shape = shapeOf(path, input, inputShape ?? (isOpen(input) ? sampleShape : undefined));
  const [fixed] = input.shape;
  const classes = outputs[0]?.shape[1];
  const training = inTraining(decodeModel(file.bytes, { externalData, lift: false }));
  if (training > 0) {
    logger?.warn(
      `${path} was exported in training mode (${training} nodes); it is evaluated in inference mode. Export it after model.eval().`,
    );
  }
  // Reading a file brings every node into inference mode.
  const session = training > 0 ? await ort().compile(graph, { threads }) : await ortFile(path, { threads });
  const output = outputs[0]?.name as string;
  const feed = async (data: Tensor): Promise<Tensor> =>
    (await session.run({ [input.name]: data }, [output]))[output] as Tensor;
  return {
    path,
    bytes: file.size(),
    shape,
    classes: typeof classes === 'number' ? classes : undefined,
    dispose: () => session.dispose(),
    async run({ data }) {
      const count = data.dims[0] as number;
      if (typeof fixed !== 'number' || fixed === count) return [await feed(data)];
      const size = fixed * elementCount(shape);
      const results: Tensor[] = [];
      for (let first = 0; first < data.data.length; first += size) {
        const part = tensorOf('float32', [fixed, ...shape], []);
        part.data.set(data.data.subarray(first, first + size));
        results.push(await feed(part));
      }
      return results;
    },
  };
}

function theInput(path: string, inputs: readonly ValueInfo[]): ValueInfo {
  const [input] = inputs;
  if (input === undefined) throw new DatafreeError('input-unsupported', `${path} has no input.`, { path });
  if (inputs.length === 1) return input;
  const names = inputs.map(({ name }) => `"${name}"`).join(', ');
  throw new DatafreeError('several-inputs', `${path} has ${inputs.length} inputs: ${names}. One is needed.`, {
    path,
    hint: 'Export it with the other inputs fixed to constants.',
  });
}

/** Whether the file leaves the size of a sample open. */
function isOpen({ shape }: ValueInfo): boolean {
  return hasUnknownRank(shape) || shape.slice(1).some((size) => typeof size === 'string');
}

function shapeOf(path: string, input: ValueInfo, given: readonly number[] | undefined): readonly number[] {
  const { name, dtype, shape } = input;
  const refuse = (problem: string, hint?: string): DatafreeError =>
    new DatafreeError('input-unsupported', `${path}: the input "${name}" ${problem}.`, { path, tensor: name, hint });
  if (dtype !== 'float32') throw refuse(`is of type ${dtype}, float32 is needed`);
  const own = hasUnknownRank(shape) ? (given ?? ['?']) : shape.slice(1);
  const fits = given?.length === own.length && own.every((size, i) => typeof size === 'string' || size === given[i]);
  if (given !== undefined && !fits) throw refuse(`has the shape [${shape}], which samples of [${given}] do not fit`);
  if (given === undefined && own.some((size) => typeof size === 'string')) {
    throw refuse(`has the shape [${shape}], which leaves the size of a sample open`, 'Give it with --input-shape.');
  }
  return given ?? (own as readonly number[]);
}
