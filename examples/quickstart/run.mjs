// The main job: a trained network goes in, no data goes in, an int8 network comes out. Real test images are used only
// at the end, to measure what was lost.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCifar10 } from '@datafree/example-cifar10';
import {
  bns,
  contactSheet,
  evaluateModels,
  gaussian,
  openData,
  openModel,
  ort,
  quantize,
  quantizer,
  saveModel,
  synthesize,
} from 'datafree';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(here, 'out');
const path = process.env.DATAFREE_QUICKSTART_MODEL ?? join(here, 'resnet8.onnx');
const shown = (file) => relative(process.cwd(), file);
const count = 256;
const seed = 0;

await mkdir(out, { recursive: true });
const begin = performance.now();

// 1. The network. How pixels become its input is all that is told besides the file.
const { model, file } = await openModel(path, { preprocess: 'imagenet' });
console.log(`network   ${shown(path)}, ${size(file.size())}, ${model.batchNorms.length} BatchNormalizations`);

// 2. Samples from the network alone: matched to its BatchNormalization statistics, and noise to compare with.
const runtime = ort();
const methods = { BNS: bns(), Gaussian: gaussian() };
const samples = {};
for (const [name, synthesizer] of Object.entries(methods)) {
  const start = performance.now();
  console.log(`samples   ${count} by ${name} …`);
  samples[name] = await synthesize({ model, runtime, synthesizer, count, seed });
  console.log(`samples   ${count} by ${name} in ${seconds(start)}`);
}
const sheet = join(out, 'bns-samples.png');
await writeFile(sheet, await contactSheet(samples.BNS, { grid: model.grid }));

// 3. Quantised networks, calibrated on these samples.
const rows = [{ name: 'fp32', path }];
for (const bits of [8, 4]) {
  for (const [name, calibration] of Object.entries(samples)) {
    const start = performance.now();
    const { graph, fusion } = await quantize({
      model,
      runtime,
      quantizer: quantizer({ weights: bits, activations: bits }),
      samples: calibration,
      seed,
    });
    const target = join(out, `${name.toLowerCase()}.w${bits}a${bits}.onnx`);
    await saveModel(target, graph);
    rows.push({ name: `${bits} bits, ${name}`, path: target, fusion });
    console.log(`quantised ${shown(target)} in ${seconds(start)}`);
  }
}

// 4. What was lost: real test images, seen here for the first time.
const { images, labels } = await readCifar10('test');
const data = join(out, 'test.u8');
const classes = join(out, 'test.labels.u8');
await writeFile(data, images);
await writeFile(classes, labels);
const shape = [3, 32, 32];
const test = await openData(data, { shape, preprocess: 'imagenet', labels: classes });
const measured = await evaluateModels({ models: rows.map((row) => row.path), samples: test });

const head = ['', 'top-1 %', 'agreement %', 'size', 'integer layers', 'ms/image'];
const cells = rows.map(({ name, fusion }, i) => {
  const { top1, agreement, bytes, msPerSample } = measured[i];
  const integer = fusion ? `${fusion.integer} of ${fusion.integer + fusion.float}` : '–';
  return [name, top1.toFixed(2), agreement.toFixed(2), size(bytes), integer, msPerSample.toFixed(3)];
});
const widths = head.map((_, c) => Math.max(...[head, ...cells].map((row) => row[c].length)));
const line = (row) => row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('   ');
console.log(`\n${line(head)}\n${widths.map((width) => '─'.repeat(width)).join('───')}`);
for (const row of cells) console.log(line(row));
console.log(`
${test.count} test images of CIFAR-10. Agreement: how often the decision is that of fp32.
The synthesised images: ${shown(sheet)}
The same by hand, after ${seconds(begin)} of this:
  npx datafree compress ${shown(path)} -o ${shown(join(out, 'model.int8.onnx'))} --preprocess imagenet
  npx datafree evaluate ${shown(path)} ${shown(join(out, 'model.int8.onnx'))} --preprocess imagenet \\
    --data ${shown(data)} --labels ${shown(classes)}`);

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

function size(bytes) {
  return `${(bytes / 1000).toFixed(0)} kB`;
}
