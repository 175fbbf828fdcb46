import { join } from 'node:path';
import { DatafreeError, type SampleSet } from '@datafree/plugin';
import { listFolder } from '../array/bytes.ts';
import { arrange } from '../array/layout.ts';
import { batchOf, spans } from '../memory.ts';
import { affineOf, type Preprocess } from '../preprocess/preprocess.ts';
import { decodeImage, type Resize } from './decode.ts';

/** An image file and the class that its folder stands for. */
export interface ImageFile {
  readonly path: string;
  readonly label?: number;
}

const extensions = /\.(png|jpe?g|webp)$/i;

/**
 * Lists the images (PNG, JPEG, WebP) of a folder in the order of their names. Where it has sub-folders with images,
 * each is a class, numbered in the order of the names.
 *
 * @throws `data-empty`, and `data-format` when images lie both beside and inside sub-folders
 */
export async function listImages(folder: string): Promise<readonly ImageFile[]> {
  const entries = await listFolder(folder);
  const loose = imagesAmong(entries.map((entry) => entry.name)).map((name) => ({ path: join(folder, name) }));
  const classes: string[][] = [];
  for (const name of entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()) {
    const images = imagesAmong((await listFolder(join(folder, name))).map((entry) => entry.name));
    if (images.length > 0) classes.push(images.map((image) => join(folder, name, image)));
  }
  if (loose.length > 0 && classes.length > 0) {
    throw new DatafreeError('data-format', `${folder} has images both beside and inside sub-folders.`, {
      path: folder,
      hint: 'Put every image into the sub-folder of its class, or all into one folder.',
    });
  }
  const files = classes.length > 0 ? classes.flatMap((paths, label) => paths.map((path) => ({ path, label }))) : loose;
  if (files.length > 0) return files;
  throw new DatafreeError('data-empty', `${folder} has no PNG, JPEG or WebP images.`, { path: folder });
}

function imagesAmong(names: readonly string[]): string[] {
  return names.filter((name) => extensions.test(name) && !name.startsWith('.')).sort();
}

/**
 * Images as inputs of a network: RGB for three channels, grey for one, decoded when a batch is asked for.
 *
 * @param shape of one sample of the network, [C, H, W]
 * @param options.resize what to do with an image of another size than the network's
 * @throws `data-shape` when the network does not take images; while reading, `data-format`, `data-shape`, `unsupported`
 * when sharp is not installed
 */
export function imageSamples(
  files: readonly ImageFile[],
  {
    shape,
    preprocess,
    resize,
  }: {
    readonly shape: readonly number[];
    readonly preprocess: Preprocess;
    readonly resize: Resize;
  },
): SampleSet {
  const [channels, height, width] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3) || height === undefined || width === undefined) {
    throw new DatafreeError(
      'data-shape',
      `Images have shape [1 or 3, H, W], but the network takes [${shape.join(', ')}].`,
      {
        hint: 'Give the samples as .npy or as raw bytes with their shape.',
      },
    );
  }
  const affine = affineOf(preprocess, channels, 'uint8');
  const labelled = files.every((file) => file.label !== undefined);
  const size = channels * height * width;
  return {
    shape,
    count: files.length,
    labelled,
    async *batches(batchSize) {
      for (const [start, end] of spans(files.length, batchSize)) {
        const part = files.slice(start, end);
        const pixels = new Uint8Array(part.length * size);
        await Promise.all(
          part.map(async ({ path }, i) => {
            pixels.set(await decodeImage(path, { channels, height, width, resize }), i * size);
          }),
        );
        const labels = labelled ? Int32Array.from(part, (file) => file.label as number) : undefined;
        yield batchOf(shape, arrange(pixels, shape, 'channels-last', affine), labels);
      }
    },
  };
}
