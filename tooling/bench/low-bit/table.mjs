// The finished cells as the tables of docs/results.md.
import { round } from '../shared/accuracy.mjs';

/**
 * Markdown tables: rows with mean and spread over seeds, ways to learn, sources of samples, what else both can be told,
 * bits by layer, numbers of samples.
 */
export function tables(records) {
  const of = (group) => records.filter((record) => record.group === group);
  return [
    rowsOf(of('rows')),
    learnersOf(of('learners')),
    methodsOf(of('methods')),
    variantsOf(of('variants')),
    mixedOf(of('mixed')),
    sizesOf(of('sizes')),
  ].join('\n\n');
}

function rowsOf(records) {
  const groups = grouped(records, (own) => `${own.network} ${bitsOf(own)} ${samplesOf(own)} ${stepsOf(own)}`);
  return markdown(
    [
      'network',
      'bits',
      'samples',
      'steps',
      'fp32',
      'calibrated',
      'learned',
      'rounded in float',
      'drop',
      'agreement',
      'on held-out synthetic',
      'minutes',
      'file',
      'layers on integers',
    ],
    groups.map((own) => [
      own[0].network.split('_')[0],
      bitsOf(own[0]),
      samplesOf(own[0]),
      stepsOf(own[0]),
      own[0].fp32.toFixed(2),
      ...['calibrated', 'top1', 'rounded', 'drop', 'agreement', 'held'].map((name) =>
        overSeeds(own, (one) => one[name]),
      ),
      minutesOf(own),
      `${Math.round((100 * own[0].bytes) / own[0].fp32Bytes)} %`,
      `${own[0].integer} of ${own[0].integer + own[0].float}`,
    ]),
  );
}

function learnersOf(records) {
  return markdown(
    [
      'steps of reconstruction',
      'steps of distillation',
      'calibrated',
      'reconstructed',
      'learned',
      'agreement',
      'minutes',
    ],
    records.map((own) => [
      String(own.reconstruct),
      String(own.distil),
      ...percentsOf(own, ['calibrated', 'reconstructed', 'top1', 'agreement']),
      minutesOf([own]),
    ]),
  );
}

function methodsOf(records) {
  return markdown(
    ['samples by', 'calibrated', 'learned', 'agreement', 'minutes'],
    records.map((own) => [own.method, ...percentsOf(own, ['calibrated', 'top1', 'agreement']), minutesOf([own])]),
  );
}

function variantsOf(records) {
  return markdown(
    ['with', 'bits', 'steps', 'calibrated', 'learned', 'agreement', 'on held-out synthetic', 'minutes'],
    records.map((own) => [
      own.variant,
      bitsOf(own),
      stepsOf(own),
      ...percentsOf(own, ['calibrated', 'top1', 'agreement', 'held']),
      minutesOf([own]),
    ]),
  );
}

function mixedOf(records) {
  return markdown(
    ['bits of weights', 'layers by bits', 'calibrated', 'learned', 'agreement', 'on held-out synthetic', 'minutes'],
    records.map((own) => [
      own.budget === undefined ? `${own.weights}` : `${32 * own.budget} on average`,
      own.bitsByLayer === undefined ? `all ${own.weights}` : countsOf(own.bitsByLayer),
      ...percentsOf(own, ['calibrated', 'top1', 'agreement', 'held']),
      minutesOf([own]),
    ]),
  );
}

/** Figures of a cell, in percent. */
function percentsOf(own, names) {
  return names.map((name) => own[name].toFixed(2));
}

/** How many layers have how many bits: `2: 5, 3: 9`. */
function countsOf(bits) {
  const different = [...new Set(bits)].sort((a, b) => a - b);
  return different.map((own) => `${own}: ${bits.filter((one) => one === own).length}`).join(', ');
}

function sizesOf(records) {
  const sizes = [...new Set(records.map(({ samples }) => samples))].sort((a, b) => a - b);
  const find = (samples, method) => records.find((own) => own.samples === samples && own.method === method);
  return markdown(
    ['samples a class', 'BNS', 'real'],
    sizes.map((samples) => [
      String(samples / 10),
      ...['bns', 'real'].map((method) => find(samples, method)?.top1.toFixed(2) ?? ''),
    ]),
  );
}

function bitsOf({ weights, activations, firstLast }) {
  return `W${weights}A${activations}${firstLast === undefined ? '' : `, ends ${firstLast}/${firstLast}`}`;
}

/** How many samples, by what, told what besides. */
function samplesOf({ samples, method, variant }) {
  return `${samples} ${method}${variant === undefined ? '' : `, ${variant}`}`;
}

/** How many steps of what: of reconstruction for each block. */
function stepsOf({ reconstruct, distil }) {
  const steps = [reconstruct > 0 && `${reconstruct} a block`, distil > 0 && `${distil} of distillation`].filter(
    Boolean,
  );
  return steps.length === 0 ? 'none' : steps.join(', ');
}

/** Total minutes and, in brackets, those of synthesis, calibration, reconstruction and distillation. */
function minutesOf(records) {
  const mean = (name) => records.reduce((sum, { seconds }) => sum + seconds[name], 0) / records.length / 60;
  const parts = ['synthesis', 'calibration', 'reconstruction', 'distillation'].map((name) => mean(name).toFixed(1));
  return `${mean('total').toFixed(1)} (${parts.join(' + ')})`;
}

/** The value of one seed, or mean ± standard deviation of several. */
function overSeeds(records, read) {
  const values = records.map(read);
  if (values.includes(undefined)) return '–';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${round(mean).toFixed(2)} ± ${Math.sqrt(variance).toFixed(2)}`;
}

function grouped(records, key) {
  const groups = new Map();
  for (const record of records) groups.set(key(record), [...(groups.get(key(record)) ?? []), record]);
  return [...groups.values()];
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
