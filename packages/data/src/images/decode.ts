import { DatafreeError, isDatafreeError } from '@datafree/plugin';
import { readData } from '../array/bytes.ts';

/**
 * What happens to an image of another size: `crop` scales it until its shorter side fits and cuts out the centre,
 * `refuse` is an error.
 */
export type Resize = 'crop' | 'refuse';

/**
 * Decodes an image to bytes [H, W, C]. Transparency is dropped; grey is made from colour and colour from grey.
 *
 * @throws `data-not-found`, `file-unreadable`, `data-format`, `data-shape` when the size differs and may not be changed, `unsupported` without sharp
 */
export async function decodeImage(
  path: string,
  {
    channels,
    height,
    width,
    resize,
  }: {
    readonly channels: 1 | 3;
    readonly height: number;
    readonly width: number;
    readonly resize: Resize;
  },
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const bytes = await readData(path);
  try {
    const image = sharp(bytes, { failOn: 'error' });
    const found = await image.metadata();
    const fits = found.height === height && found.width === width;
    if (!fits && resize === 'refuse') {
      throw new DatafreeError(
        'data-shape',
        `${path} is ${found.height} × ${found.width} (height × width), but the network takes ${height} × ${width}.`,
        { path, hint: 'Resize the images, or let them be resized and cropped.' },
      );
    }
    const sized = fits
      ? image
      : image.resize({ width, height, fit: 'cover', position: 'centre', kernel: 'linear', fastShrinkOnLoad: false });
    const coloured = sized.removeAlpha().toColourspace(channels === 1 ? 'b-w' : 'srgb');
    const { data, info } = await coloured.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new Error(`decoded to ${info.channels} channels`);
    return data;
  } catch (cause) {
    if (isDatafreeError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatafreeError('data-format', `${path} cannot be decoded: ${reason.replace(/[\s.:]+$/, '')}.`, {
      path,
      hint: 'Replace the file, or take it out of the folder.',
      cause,
    });
  }
}

async function loadSharp(): Promise<typeof import('sharp')['default']> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DatafreeError('unsupported', 'Reading images needs the package sharp, which cannot be loaded.', {
      hint: 'Install it: npm install sharp. Samples in .npy or raw bytes do not need it.',
      cause,
    });
  }
}
