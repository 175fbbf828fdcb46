import { openData, type Preprocess, type Resize } from '@datafree/data';
import type { Logger, Model, SampleSet } from '@datafree/plugin';
import type { Command } from 'commander';
import { oneOf, shape, whole } from './values.ts';

/** How data is read. */
export interface DataOptions {
  readonly shape?: readonly number[];
  readonly limit?: number;
  readonly resize?: Resize;
}

/** Adds the options that say how DATA is read. */
export function withData(command: Command): Command {
  return command
    .optionsGroup(
      'Data (.npy, .npz, a folder of PNG, JPEG or WebP images, a samples folder, or raw bytes .u8 and .i8, .gz too):',
    )
    .option('--shape <H,W,C>', "raw bytes: shape of one sample (the network's, channels last)", shape('shape'))
    .option('--limit <number>', 'at most so many samples (all)', whole('limit', 1))
    .option(
      '--resize <how>',
      'images of another size: crop (scale, then cut out the centre) or refuse (crop)',
      oneOf('resize', ['crop', 'refuse']),
    );
}

/** Opens a data set for a network. @param logger is warned of what is odd about it @throws what `openData` throws */
export function dataFor(
  path: string,
  sampleShape: readonly number[],
  options: DataOptions & { readonly labels?: string | undefined; readonly classes?: number | undefined },
  preprocess: Preprocess | undefined,
  logger?: Logger,
): Promise<SampleSet> {
  return openData(path, {
    shape: sampleShape,
    preprocess,
    rawShape: options.shape,
    limit: options.limit,
    resize: options.resize,
    labels: options.labels,
    classes: options.classes,
    logger,
  });
}

/** Shape of one sample of a network. */
export function sampleShapeOf({ input }: Pick<Model, 'input'>): readonly number[] {
  return input.shape.slice(1) as readonly number[];
}
