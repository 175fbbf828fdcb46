// Whether a file decides as the network that was trained: the student as its training step computes it, in floating point,
// beside what is stored of it, run by onnxruntime's integer kernels.
//
//   pnpm bench exported [--bits 4,3,2] [--steps 300] [--samples 256]
//
// One JSON line for each number of bits: {"bits","steps","fp32","calibrated","trained","stored","otherwise"}, per cent of
// the test images of resnet20; "otherwise" are those that the two decide differently.
import { parseArgs } from 'node:util';
import { GraphBuilder, Random, StepProgram, scalarOf, tensorOf } from '@datafree/core';
import { distillationStep, parseFineTunerOptions } from '@datafree/finetuner';
import { cosineRate } from '@datafree/inversion';
import { decodeModel, encodeModel, foldBatchNorms } from '@datafree/onnx';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { exportStudent, withoutTies, writeStudent } from '@datafree/student';
import { classesOf, round, share } from './shared/accuracy.mjs';
import { network } from './shared/assets.mjs';
import { datasets, gridFor } from './shared/datasets.mjs';
import { samplesBy, testData } from './shared/sources.mjs';

const { values } = parseArgs({
  options: {
    bits: { type: 'string', default: '4,3,2' },
    steps: { type: 'string', default: '300' },
    samples: { type: 'string', default: '256' },
  },
});

/** As many as `classesOf` runs at once: the student takes no other number. */
const batch = 50;
const name = 'resnet20_cifar10';
const model = network(name, { grid: gridFor(datasets[name]) });
const runtime = ort();
const context = { runtime, seed: 1, logger: silentLogger, onProgress() {} };
const samples = await samplesBy('bns', { model, set: datasets[name], count: Number(values.samples), context });
const test = await testData(model, datasets[name]);
const { classes, labels } = await classesOf(model.graph, { runtime, model, samples: test });
const fp32 = share(classes, labels);

for (const bits of values.bits.split(',').map(Number)) {
  const calibrated = await quantizer({ weights: bits, activations: bits }).quantize(model, samples, context);
  const states = await trained(calibrated);
  const file = decodeModel(encodeModel(withoutTies(exportStudent(calibrated.graph, states))));
  const [before, own, stored] = [
    (await classesOf(calibrated.graph, { runtime, model, samples: test })).classes,
    await studentClasses(calibrated.graph, states),
    (await classesOf(file, { runtime, model, samples: test })).classes,
  ];
  console.log(
    JSON.stringify({
      bits,
      steps: Number(values.steps),
      fp32,
      calibrated: share(before, labels),
      trained: share(own, labels),
      stored: share(stored, labels),
      otherwise: round(100 - share(own, stored)),
    }),
  );
}

/** What distillation, without augmentations, learns. */
async function trained(calibrated) {
  const options = parseFineTunerOptions({ augmentations: [], steps: Number(values.steps) });
  const { program } = distillationStep(model, calibrated, batch, options);
  const runner = await program.compile(runtime);
  const factor = cosineRate()(options.steps);
  const random = new Random(1);
  const all = [];
  for await (const { data } of samples.batches(1)) all.push(data.data);
  for (let step = 0; step < options.steps; step++) {
    const chosen = random.permutation(all.length).slice(0, batch);
    const rows = new Float32Array(batch * all[0].length);
    chosen.forEach((n, i) => {
      rows.set(all[n], i * all[0].length);
    });
    const rate = factor(step);
    await runner.step({
      samples: tensorOf('float32', [batch, ...samples.shape], rows),
      rate: scalarOf('float32', rate * options.learningRate),
      'step-rate': scalarOf('float32', rate * options.stepRate),
    });
  }
  const states = new Map(runner.states);
  await runner.dispose();
  return states;
}

/** The classes that the student with these states decides for. */
async function studentClasses(graph, states) {
  const program = new StepProgram(new GraphBuilder());
  const input = program.builder.input('x', 'float32', [batch, ...samples.shape]);
  const written = writeStudent(
    program,
    graph,
    foldBatchNorms(model.graph),
    { [model.input.name]: input },
    { learnSteps: 'both' },
  );
  program.read('logits', written.find(model.output.name));
  const runner = await program.compile(runtime);
  for (const state of runner.states.keys()) runner.set(state, states.get(state));
  const session = {
    run: async (feeds) => {
      const { logits } = await runner.step({ x: feeds[model.input.name] });
      return { [model.output.name]: logits };
    },
    dispose: () => runner.dispose(),
  };
  const student = { compile: async () => session };
  return (await classesOf(graph, { runtime: student, model, samples: test })).classes;
}
