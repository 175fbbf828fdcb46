import { DatafreeError, type Model } from '@datafree/plugin';

/**
 * Shape of one sample: the network's input shape without the batch.
 *
 * @throws `input-unsupported` for a free dimension other than the batch, or an input without channels
 */
export function sampleShape(model: Model): number[] {
  const [, ...rest] = model.input.shape;
  if (rest.length === 0) {
    throw new DatafreeError('input-unsupported', `Input "${model.input.name}" has no channels: its rank is 1.`, {
      tensor: model.input.name,
    });
  }
  return rest.map((size) => {
    if (typeof size === 'number') return size;
    throw new DatafreeError('input-unsupported', `Input "${model.input.name}" has a free dimension "${size}".`, {
      tensor: model.input.name,
      hint: `Fix it before synthesis: give "${size}" a size when the model is loaded.`,
    });
  });
}
