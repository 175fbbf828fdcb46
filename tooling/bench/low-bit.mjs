// Low bits without data: calibration, then reconstruction block by block or distillation, on samples alone.
//
//   pnpm bench low-bit [--only text] [--list | --table]
//
// A finished cell is a line of docs/measured/low-bit.jsonl and is not measured again; remove the line to measure it
// anew. --only takes the cells whose name has the text in it ("rows/resnet20", "w3a3"). Nothing is chosen by test data:
// what is reported is the network after the last step. One JSON line a cell: what it was made by, {"fp32","calibrated",
// "reconstructed","top1","agreement"} in percent on the labelled test data, "rounded" the top-1 of the same file with its
// rounding computed in floating point, node by node, "views":{"count","top1","rounded"} both on views of test data that is
// few, "held" the agreement with the network on synthetic samples of another seed, by which settings are chosen,
// {"bytes","fp32Bytes","integer","float"} of the file, and
// {"seconds":{"synthesis","calibration","reconstruction","distillation","total"}}. --list tells what is finished and what
// is not; --table prints what is finished as Markdown and draws docs/images/low-bit-sizes.svg.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { distil } from '@datafree/finetuner';
import { decodeModel, encodeModel } from '@datafree/onnx';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { reconstruct } from '@datafree/reconstruct';
import { ort } from '@datafree/runtime-ort';
import { cells, nameOf } from './low-bit/cells.mjs';
import { sizePlot } from './low-bit/plot.mjs';
import { tables } from './low-bit/table.mjs';
import { classesOf, fileOf, round, secondsSince, share } from './shared/accuracy.mjs';
import { network } from './shared/assets.mjs';
import { datasets, gridFor } from './shared/datasets.mjs';
import { samplesBy, testData } from './shared/sources.mjs';
import { viewsOf } from './shared/views.mjs';

const record = fileURLToPath(new URL('../../docs/measured/low-bit.jsonl', import.meta.url));
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2' },
  },
});

const runtime = ort({ threads: Number(values.threads) });
// Nothing is fused, so that every QuantizeLinear and DequantizeLinear rounds in floating point.
const unfused = ort({ threads: Number(values.threads), graphOptimization: 'disabled' });
/** Synthetic samples that nothing learned from. */
const heldCount = 128;
/** Fewer labelled samples tell networks apart by points, not by tenths of one. */
const few = 300;

const wanted = cells.filter((cell) => nameOf(cell).includes(values.only));
if (values.list) for (const cell of wanted) console.log(`${findRecord(cell) ? 'done' : 'open'} ${nameOf(cell)}`);
else if (values.table) show();
else for (const cell of wanted) if (!findRecord(cell)) await finish(cell);

function show() {
  const found = cells.map(findRecord).filter((own) => own !== undefined);
  console.log(tables(found));
  const sizes = found.filter(({ group }) => group === 'sizes');
  if (sizes.length > 0) writeFileSync(new URL('../../docs/images/low-bit-sizes.svg', import.meta.url), sizePlot(sizes));
}

async function finish(cell) {
  const line = JSON.stringify({ name: nameOf(cell), ...cell, ...(await measure(cell)) });
  mkdirSync(dirname(record), { recursive: true });
  appendFileSync(record, `${line}\n`);
  console.log(line);
}

/** What was measured of a cell, if it was. */
function findRecord(cell) {
  const lines = existsSync(record) ? readFileSync(record, 'utf8').split('\n').filter(Boolean) : [];
  return lines.map((line) => JSON.parse(line)).find(({ name }) => name === nameOf(cell));
}

async function measure(cell) {
  const { weights, activations, budget, firstLast, method, samples: count, seed } = cell;
  const set = datasets[cell.network];
  const model = network(cell.network, { grid: gridFor(set) });
  const context = { runtime, seed, logger: silentLogger, onProgress() {} };
  const seconds = {};
  const timed = async (stage, work) => {
    const started = performance.now();
    const result = await work();
    seconds[stage] = secondsSince(started);
    return result;
  };
  const started = performance.now();
  const samples = await timed('synthesis', () =>
    samplesBy(method, { model, set, count, context, options: cell.synthesis }),
  );
  const own = firstLast && { firstLast: { weights: firstLast, activations: firstLast } };
  const calibrated = await timed('calibration', () =>
    quantizer({ ...(budget === undefined ? { weights } : { budget }), activations, ...own }).quantize(
      model,
      samples,
      context,
    ),
  );
  const learn = (stage, learner, steps, before, options) =>
    timed(stage, () =>
      steps === 0 ? before : learner({ ...options, steps }).fineTune(model, before, samples, context),
    );
  const rounded = await learn('reconstruction', reconstruct, cell.reconstruct, calibrated);
  const learned = await learn('distillation', distil, cell.distil, rounded, cell.distillation);
  seconds.total = secondsSince(started);

  const measured = { runtime, model, samples: await testData(model, set) };
  const file = decodeModel(encodeModel(learned.graph));
  const teacher = await classesOf(model.graph, measured);
  const before = await classesOf(calibrated.graph, measured);
  const between = await classesOf(rounded.graph, measured);
  const after = await classesOf(file, measured);
  const rounded32 = await classesOf(file, { ...measured, runtime: unfused });
  const views = measured.samples.count < few ? await viewsBy(file, measured) : undefined;
  const others = await samplesBy('bns', { model, set, count: heldCount, context: { ...context, seed: seed + 1000 } });
  const held = { ...measured, samples: others };
  const heldClasses = await Promise.all([model.graph, file].map((graph) => classesOf(graph, held)));
  const fp32 = share(teacher.classes, teacher.labels);
  const top1 = share(after.classes, after.labels);
  return {
    fp32,
    calibrated: share(before.classes, before.labels),
    reconstructed: share(between.classes, between.labels),
    top1,
    drop: round(fp32 - top1),
    agreement: share(after.classes, teacher.classes),
    rounded: share(rounded32.classes, rounded32.labels),
    ...(views && { views }),
    held: share(...heldClasses.map(({ classes }) => classes)),
    ...fileOf(learned, model),
    ...(budget !== undefined && { bitsByLayer: learned.precision.layers.map(({ bits }) => bits) }),
    seconds,
  };
}

/** How often a file is right of the views of samples, as it runs and rounding in floating point. */
async function viewsBy(file, measured) {
  const samples = viewsOf(measured.samples);
  const right = async (own) => {
    const { classes, labels } = await classesOf(file, { ...measured, samples, ...own });
    return share(classes, labels);
  };
  return { count: samples.count, top1: await right({}), rounded: await right({ runtime: unfused }) };
}
