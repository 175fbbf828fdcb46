// Where the samples of a measurement come from.
import { join } from 'node:path';
import { openData } from '@datafree/data';
import { bns } from '@datafree/synth-bns';
import { gaussian } from '@datafree/synth-gaussian';
import { bnsInception, inception } from '@datafree/synth-inception';
import { assets } from './assets.mjs';

const synthesizers = { bns, gaussian, inception, 'bns+inception': bnsInception };

/** The labelled data that a network is measured on. @param {object} set an entry of `datasets` */
export function testData(model, set) {
  return open(model, set, set.test);
}

/** As many samples made by a method, or the first real ones for the method `real`. @param options of the method */
export function samplesBy(method, { model, set, count, context, options }) {
  if (method === 'real') return open(model, set, { file: set.real }, count);
  return synthesizers[method](options).synthesize(model, { count }, context);
}

function open(model, { preprocess, rawShape }, { file, labels }, limit) {
  return openData(join(assets, 'data', file), {
    shape: model.input.shape.slice(1),
    preprocess,
    rawShape,
    ...(labels && { labels: join(assets, 'data', labels) }),
    ...(limit && { limit }),
  });
}
