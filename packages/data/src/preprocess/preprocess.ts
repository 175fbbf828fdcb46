import { DatafreeError, type InputGrid } from '@datafree/plugin';

/** Names of the {@link Preprocess} presets. */
export const preprocessNames = ['imagenet', 'unit', 'signed', 'byte', 'none'] as const;

/** A preset: `imagenet` (0…1, then ImageNet's mean and deviation), `unit` (0…1), `signed` (−1…1), `byte` (0…255), `none`. */
export type PreprocessName = (typeof preprocessNames)[number];

/** Pixels: bytes 0…255 go linearly to `range`, then `(value − mean) / std`. One number, or one a channel. */
export interface PixelPreprocess {
  /** 0 when absent. */
  readonly mean?: number | readonly number[];
  /** 1 when absent. */
  readonly std?: number | readonly number[];
  /** Where bytes 0 and 255 go; `[0, 1]` when absent. */
  readonly range?: readonly [low: number, high: number];
}

/** Quantised features: `input = scale · (stored − zeroPoint)`. */
export interface AffinePreprocess {
  readonly scale: number;
  readonly zeroPoint: number;
  /** How values are stored, which bounds them: int8 (when absent) −128…127, uint8 0…255. */
  readonly stored?: 'int8' | 'uint8';
}

/** Values are inputs as they are, valid from `low` to `high`. */
export interface BoundedPreprocess {
  readonly bounds: readonly [low: number, high: number];
}

/**
 * How stored 8-bit values become the network's input. `none` takes every value as it is: floats, bytes 0…255 and
 * int8 −128…127 alike. Floating-point data is always taken as it is.
 */
export type Preprocess = PreprocessName | PixelPreprocess | AffinePreprocess | BoundedPreprocess;

/** `input = scale[c] · value + offset[c]`, one entry a channel. */
export interface ChannelAffine {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

const presets: Readonly<Record<Exclude<PreprocessName, 'none'>, PixelPreprocess>> = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  unit: { range: [0, 1] },
  signed: { range: [-1, 1] },
  byte: { range: [0, 255] },
};

/**
 * The grid of valid inputs; undefined for `none`, where nothing is known of it.
 *
 * @param channels number of channels of the network's input
 * @throws `option-invalid` when a mean or deviation is not there for each channel or is out of range
 */
export function gridOf(preprocess: Preprocess, channels: number): InputGrid | undefined {
  const form = resolve(preprocess);
  if (form === undefined) return undefined;
  if ('bounds' in form) {
    const [low, high] = ordered(form.bounds, 'bounds');
    return { ...identity(channels), low, high, whole: false };
  }
  if ('zeroPoint' in form) {
    const [low, high] = form.stored === 'uint8' ? [0, 255] : [-128, 127];
    return { ...dequantization(form, channels), low, high, whole: true };
  }
  return { ...normalization(form, channels), low: 0, high: 255, whole: true };
}

/**
 * What to do with stored values of an element type: int8 pixels count from −128, so 128 is added to them.
 *
 * @throws `option-invalid` as {@link gridOf}
 */
export function affineOf(preprocess: Preprocess, channels: number, stored: 'uint8' | 'int8'): ChannelAffine {
  const form = resolve(preprocess);
  if (form === undefined || 'bounds' in form) return identity(channels);
  if ('zeroPoint' in form) return dequantization(form, channels);
  const { scale, offset } = normalization(form, channels);
  return stored === 'uint8' ? { scale, offset } : { scale, offset: offset.map((o, c) => o + 128 * scale[c]!) };
}

/** True when values are the network's input as they are stored. @throws `option-invalid` as {@link gridOf} */
export function isIdentity(preprocess: Preprocess, channels: number): boolean {
  const { scale, offset } = affineOf(preprocess, channels, 'uint8');
  return scale.every((value) => value === 1) && offset.every((value) => value === 0);
}

/** True when stored values are pixels that go from 0 to 255. */
export function isPixels(preprocess: Preprocess): boolean {
  const form = resolve(preprocess);
  return form !== undefined && !('bounds' in form) && !('zeroPoint' in form);
}

function resolve(preprocess: Preprocess): Exclude<Preprocess, PreprocessName> | undefined {
  if (typeof preprocess !== 'string') return preprocess;
  if (preprocess === 'none') return undefined;
  const preset = presets[preprocess];
  if (preset !== undefined) return preset;
  throw new DatafreeError('option-invalid', `There is no preprocessing named "${preprocess}".`, {
    path: 'preprocess',
    hint: `Use one of ${preprocessNames.join(', ')}, or a mean, deviation and range of your own.`,
  });
}

function identity(channels: number): ChannelAffine {
  return { scale: perChannel(1, channels, 'scale'), offset: perChannel(0, channels, 'offset') };
}

function dequantization({ scale, zeroPoint }: AffinePreprocess, channels: number): ChannelAffine {
  const scales = positive(perChannel(scale, channels, 'scale'), 'scale');
  const zeroPoints = perChannel(zeroPoint, channels, 'zeroPoint');
  return { scale: scales, offset: scales.map((s, c) => -s * zeroPoints[c]!) };
}

function normalization({ mean = 0, std = 1, range = [0, 1] }: PixelPreprocess, channels: number): ChannelAffine {
  const [low, high] = ordered(range, 'range');
  const means = perChannel(mean, channels, 'mean');
  const deviations = positive(perChannel(std, channels, 'std'), 'std');
  return {
    scale: deviations.map((deviation) => (high - low) / (255 * deviation)),
    offset: deviations.map((deviation, c) => (low - means[c]!) / deviation),
  };
}

function perChannel(value: number | readonly number[], channels: number, path: string): readonly number[] {
  const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  if (values.length !== channels) {
    throw invalid(path, `has ${values.length} values, but the network's input has ${channels} channels`);
  }
  if (!values.every(Number.isFinite)) throw invalid(path, 'is not made of finite numbers');
  return values;
}

function positive(values: readonly number[], path: string): readonly number[] {
  if (values.every((value) => value > 0)) return values;
  throw invalid(path, 'must be above 0');
}

function ordered([low, high]: readonly [number, number], path: string): readonly [number, number] {
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return [low, high];
  throw invalid(path, `is ${low},${high}, but must be low,high with low < high`, 'Give the lower number first.');
}

function invalid(
  path: string,
  problem: string,
  hint = 'Give one number, or one for each channel of the network’s input.',
): DatafreeError {
  return new DatafreeError('option-invalid', `Preprocessing: ${path} ${problem}.`, {
    path,
    hint,
  });
}
