import { DatafreeError, type Tensor } from '@datafree/plugin';
import { unzipSync } from 'fflate';
import { decodeNpy, type NpyDType } from './npy.ts';

const sampleNames = ['x', 'samples', 'images', 'data'];
const labelNames = ['y', 'labels'];

/**
 * Reads samples and labels out of a `.npz` file: the array named `x`, `samples`, `images` or `data` (the first of
 * these that is there; a lone array may have any name) and the one named `y` or `labels`.
 *
 * @param name told in errors
 * @throws `data-format` when it is no zip file, no array has such a name, or the array cannot be read
 */
export function decodeNpz(
  bytes: Uint8Array,
  name = 'archive',
): { samples: Tensor<NpyDType>; labels?: Tensor<NpyDType> } {
  const found: string[] = [];
  unzip(bytes, name, (file) => {
    if (file.endsWith('.npy')) found.push(file.slice(0, -4));
    return false;
  });
  const labels = labelNames.find((candidate) => found.includes(candidate));
  const others = found.filter((candidate) => candidate !== labels);
  const samples =
    sampleNames.find((candidate) => found.includes(candidate)) ?? (others.length === 1 ? others[0] : undefined);
  if (samples === undefined) {
    throw new DatafreeError(
      'data-format',
      `${name}: none of its arrays (${found.join(', ') || 'none'}) is known to be samples.`,
      {
        path: name,
        hint: `Name the samples ${sampleNames.join(', ')}, and the labels ${labelNames.join(' or ')}.`,
      },
    );
  }
  const read = (array: string): Tensor<NpyDType> => {
    const files = unzip(bytes, name, (file) => file === `${array}.npy`);
    return decodeNpy(files[`${array}.npy`] as Uint8Array, `${name}[${array}]`);
  };
  return labels === undefined ? { samples: read(samples) } : { samples: read(samples), labels: read(labels) };
}

function unzip(bytes: Uint8Array, name: string, wanted: (file: string) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter: (file) => wanted(file.name) });
  } catch (cause) {
    throw new DatafreeError('data-format', `${name}: this is not an npz file, or it is cut off.`, {
      path: name,
      cause,
    });
  }
}
