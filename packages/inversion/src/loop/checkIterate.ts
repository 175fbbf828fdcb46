import { DatafreeError, notFiniteIn, type Tensor } from '@datafree/plugin';
import type { InversionSettings } from '../settings.ts';

/** What one iteration made. */
export interface Iterate {
  readonly settings: InversionSettings;
  /** Of the batch, from 0. */
  readonly index: number;
  readonly iteration: number;
  /** At the samples before the step. */
  readonly loss: number;
  readonly rate: number;
  /** Samples before and after the step. */
  readonly before: Tensor;
  readonly after: Tensor;
}

/**
 * Refuses an iteration that leads nowhere.
 *
 * @throws `not-finite` where the loss or a sample is not a finite number; `unsupported` where the first step changes no
 *   sample, so that none ever would
 */
export function checkIterate({ settings, index, iteration, loss, rate, before, after }: Iterate): void {
  const { name } = settings;
  const at = `in batch ${index + 1} at iteration ${iteration + 1}`;
  const refuse = (what: string): DatafreeError =>
    new DatafreeError('not-finite', `${name}: ${what} ${at}.`, {
      plugin: name,
      hint: 'Lower the learning rate, or check that the network gives finite outputs.',
    });
  if (!Number.isFinite(loss)) throw refuse(`the loss became ${loss}`);
  const found = notFiniteIn(after as Tensor<'float32'>);
  if (found !== undefined) throw refuse(`sample ${found.sample + 1} of ${after.dims[0]} became ${found.value}`);
  if (iteration > 0 || loss === 0 || rate === 0) return;
  if (!(after.data as Float32Array).every((value, i) => value === before.data[i])) return;
  throw new DatafreeError('unsupported', `${name}: the loss has the derivative 0 by every value of the samples.`, {
    plugin: name,
    hint: 'The network does not respond to its input. Check that the export kept its weights.',
  });
}
