import { adam, sgd } from '@datafree/core';
import * as v from 'valibot';
import { blur } from '../augment/blur.ts';
import { crop } from '../augment/crop.ts';
import { cutout } from '../augment/cutout.ts';
import { flip } from '../augment/flip.ts';
import { pad } from '../augment/pad.ts';
import { shift } from '../augment/shift.ts';
import { someOf } from '../augment/some.ts';
import type { Augmentation } from '../augment/view.ts';
import { constantRate, cosineRate, plateauRate, type Schedule, stepRate } from '../schedule.ts';
import type { InversionSettings } from '../settings.ts';
import { count, positive } from './values.ts';

const augmentations = { flip, shift, pad, crop, blur, cutout } satisfies Record<string, () => Augmentation>;

/** Entries of a synthesizer's options that say how samples are searched; what is left out comes from the preset. */
export const searchEntries = {
  /** Samples optimised together; as many as half a gibibyte of activations holds, at most 64, when absent. */
  batch: v.optional(count),
  /** Steps for each batch. */
  iterations: v.optional(count),
  /** Differently augmented copies of each sample in a step. */
  copies: v.optional(count),
  /**
   * Random changes of each copy at each step. `pad`: for networks trained on crops of images with dark margins, as most are
   * for small images.
   */
  augmentations: v.optional(v.array(v.picklist(['flip', 'shift', 'pad', 'crop', 'blur', 'cutout']))),
  /** Applies only none up to so many of the augmentations to a copy, in random order. */
  augmentAtMost: v.optional(count),
  optimiser: v.optional(v.picklist(['adam', 'sgd'])),
  /** How much of the past gradients a step follows: the decay of their running mean, from 0 to below 1; 0.9 when absent. */
  momentum: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
  /** The largest learning rate, in units of the input's range. */
  learningRate: v.optional(positive),
  /** How the learning rate goes: `steps` divides it by 10 at 80 % of the iterations. */
  schedule: v.optional(v.picklist(['constant', 'cosine', 'steps', 'plateau'])),
  /** `straight-through`: every evaluation sees valid pixels; a number: pixels are rounded for good every so many steps. */
  projection: v.optional(v.union([v.literal('straight-through'), count])),
  /** `estimated`: noise that fits the network's first layer; `normal`: normal values over the range, clamped. */
  start: v.optional(v.picklist(['estimated', 'normal'])),
  /** How much samples of an `estimated` start differ in contrast: the spread of its natural logarithm; 0 when absent. */
  contrast: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  /** Ends a batch when its loss has not improved by a thousandth for so many steps. */
  patience: v.optional(count),
};

const searchSchema = v.strictObject(searchEntries);

/** The parsed form of {@link searchEntries}. */
export type SearchOptions = v.InferOutput<typeof searchSchema>;

/** {@link SearchOptions} with what a preset must give. */
export type FullSearchOptions = SearchOptions & {
  readonly [K in
    | 'iterations'
    | 'copies'
    | 'augmentations'
    | 'optimiser'
    | 'learningRate'
    | 'schedule'
    | 'projection'
    | 'start']-?: NonNullable<SearchOptions[K]>;
};

/** The loop's settings that options stand for. */
export function searchSettings(
  options: FullSearchOptions,
): Omit<InversionSettings, 'name' | 'identity' | 'terms' | 'labelled'> {
  const { augmentAtMost, iterations, copies, learningRate, projection, start, contrast, patience, batch } = options;
  const { momentum = 0.9 } = options;
  const each = options.augmentations.map((name) => augmentations[name]());
  return {
    batch,
    iterations,
    copies,
    augmentations:
      augmentAtMost === undefined || each.length === 0 ? each : [someOf(each, Math.min(augmentAtMost, each.length))],
    optimiser: options.optimiser === 'sgd' ? sgd({ momentum }) : adam({ beta1: momentum }),
    learningRate,
    schedule: schedules[options.schedule],
    projection,
    start,
    contrast,
    patience,
  };
}

const schedules: Readonly<Record<FullSearchOptions['schedule'], Schedule>> = {
  constant: constantRate,
  cosine: cosineRate({ warmUp: 0.05 }),
  steps: (iterations) => stepRate([Math.floor(0.8 * iterations)])(iterations),
  plateau: plateauRate(),
};

/** The options with what they leave out taken from a preset. */
export function withPreset<Options extends object, Preset extends object>(
  options: Options,
  preset: Preset,
): Options & Preset {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...preset, ...Object.fromEntries(given) } as Options & Preset;
}
