// The engine: what a step costs beside the plain forward pass of the same network and batch in the same run.
//
//   pnpm bench engine [--rounds 15] [--case bns-step] [--threads 2] [--steps 1000]
//
// One JSON line a case, each in a process of its own: milliseconds of the step, of the forward pass and of the same
// step in PyTorch (null where python3 does not have it); the peak resident set; the sum of the activations of one
// forward pass of the network that is differentiated, and of what the backward pass reads of what the step computes
// before its loss; what writing, compiling
// and running the step adds, at its peak, to the resident set of a process that has the runtime loaded, as a multiple of
// the former; milliseconds to write and compile the step. With --steps, how much the resident set grows over so many
// further steps.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  adam,
  bind,
  differentiate,
  elementCount,
  GraphBuilder,
  inferTypes,
  inlineTrainable,
  logSoftmax,
  mul,
  neg,
  Random,
  reduceMean,
  reduceSum,
  StepProgram,
  scalarOf,
  sgd,
  tensorOf,
} from '@datafree/core';
import { gridOf, memorySamples } from '@datafree/data';
import { distillationStep, parseFineTunerOptions } from '@datafree/finetuner';
import { batchNormStatistics, iterationsTogether } from '@datafree/inversion';
import { decodeModel, encodeModel } from '@datafree/onnx';
import { silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { network } from './shared/assets.mjs';
import { interleaved, median } from './shared/timing.mjs';

const mebi = 2 ** 20;

const cases = [
  { case: 'bns-step', network: 'resnet20_cifar10', batch: 64, grid: 'imagenet' },
  { case: 'bns-step', network: 'mobilenetv1_025_224_imagenet', batch: 16, grid: 'signed' },
  { case: 'train-step', network: 'resnet20_cifar10', batch: 64, grid: 'imagenet' },
  { case: 'bns-step', network: 'resnet44_cifar10', batch: 64, grid: 'imagenet' },
  { case: 'finetune-step', network: 'resnet20_cifar10', batch: 64, grid: 'imagenet' },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    threads: { type: 'string', default: '2' },
    case: { type: 'string' },
    steps: { type: 'string', default: '0' },
    index: { type: 'string' },
    quantise: { type: 'string' },
  },
});

async function measure(entry) {
  const model = network(entry.network, { grid: gridOf(entry.grid, 3) });
  // Without spinning: a thread that waits by turning in circles would slow the other session of the comparison.
  const runtime = ort({ threads: Number(values.threads), spinning: false });
  const shape = [entry.batch, ...model.input.shape.slice(1)];
  const samples = tensorOf('float32', shape, new Random(1).normals(elementCount(shape)));

  await loadLibrary(runtime);
  const restMiB = process.memoryUsage().rss / mebi;
  const started = performance.now();
  const { program, feeds, graph = model.graph } = steps[entry.case](model, samples);
  // Syntheses of large samples run several iterations at once.
  const together = entry.case === 'bns-step' ? iterationsTogether(samples.data.length) : 1;
  const runner = await program.compile(runtime, { repeated: together > 1 });
  const compileMs = performance.now() - started;
  const run = () => runner.steps(new Array(together).fill(feeds));
  for (let i = 0; i < 3; i++) await run();
  const peakMiB = process.resourceUsage().maxRSS / 1024;

  const forward = await runtime.compile(bind(model.graph, { [model.input.shape[0]]: entry.batch }));
  const works = [run, () => forward.run({ [model.input.name]: samples })];
  const [runMs, forwardMs] = (await interleaved(works, Number(values.rounds))).map(median);
  const ms = runMs / together;
  await forward.dispose();

  const before = process.memoryUsage().rss / mebi;
  for (let i = 0; i < Number(values.steps); i += together) await run();
  const growthMiB = process.memoryUsage().rss / mebi - before;
  await runner.dispose();
  const activationsMiB = activations(graph, { [model.input.shape[0]]: entry.batch });
  console.log(
    JSON.stringify({
      case: entry.case,
      network: entry.network.split('_')[0],
      batch: entry.batch,
      ms: round(ms),
      forwardMs: round(forwardMs),
      ratio: round(ms / forwardMs, 2),
      torchMs: torch(entry),
      peakRssMiB: Math.round(peakMiB),
      activationsMiB: Math.round(activationsMiB),
      neededMiB: Math.round(needed(program.graph())),
      stepToActivations: round((peakMiB - restMiB) / activationsMiB, 2),
      compileMs: Math.round(compileMs),
      ...(Number(values.steps) > 0 && { steps: Number(values.steps), growthMiB: round(growthMiB) }),
    }),
  );
}

/** Runs a graph of one node, so that the runtime's own code is not counted with the memory of the step. */
async function loadLibrary(runtime) {
  const b = new GraphBuilder();
  b.output(neg(b, b.input('x', 'float32', [1])), 'y');
  const session = await runtime.compile(b.build());
  await session.run({ x: tensorOf('float32', [1], [1]) });
  await session.dispose();
}

const steps = {
  'bns-step': (model, samples) => {
    const b = new GraphBuilder({ name: 'bns-step' });
    const program = new StepProgram(b);
    const x = program.state('samples', samples);
    const wanted = model.batchNorms.map((site) => site.tensor);
    const find = b.inline(model.graph, { [model.input.name]: x }, { wanted });
    const loss = batchNormStatistics().write({ builder: b, model, input: x, unit: x, network: find });
    const [gradient] = differentiate(b, loss, [x]);
    const [next] = adam().update(program, [{ value: x, gradient }], b.scalar(0.05));
    program.next(x, next);
    program.read('loss', loss);
    return { program, feeds: {} };
  },
  'train-step': (model, samples) => {
    const b = new GraphBuilder({ name: 'train-step' });
    const program = new StepProgram(b);
    const [batch] = samples.dims;
    const classes = model.output.shape[1];
    const x = b.input('samples', 'float32', samples.dims);
    const targets = b.input('targets', 'float32', [batch, classes]);
    const student = inlineTrainable(
      program,
      model.graph,
      { [model.input.name]: x },
      {
        trained: (name) => model.graph.initializers.get(name).dtype === 'float32',
        batchNorm: 'following',
      },
    );
    const likelihood = logSoftmax(b, student.find(model.output.name), 1);
    const loss = reduceMean(b, neg(b, reduceSum(b, mul(b, targets, likelihood), [1])), [0]);
    const gradients = differentiate(b, loss, [...student.parameters.values()]);
    const next = sgd({ momentum: 0.9 }).update(
      program,
      student.updates(gradients, () => true),
      b.scalar(0.01),
    );
    student.update(new Map([...student.parameters.keys()].map((name, i) => [name, next[i]])));
    program.read('loss', loss);
    const oneHot = new Float32Array(batch * classes);
    for (let n = 0; n < batch; n++) oneHot[n * classes + (n % classes)] = 1;
    return { program, feeds: { samples, targets: tensorOf('float32', [batch, classes], oneHot) } };
  },
  'finetune-step': (model, samples) => {
    const options = parseFineTunerOptions({ augmentations: [] });
    const graph = quantised();
    const { program } = distillationStep(model, { graph }, samples.dims[0], options);
    const rates = { rate: scalarOf('float32', 1e-4), 'step-rate': scalarOf('float32', 1e-4) };
    return { program, feeds: { samples, ...rates }, graph };
  },
};

/** The network at 4 bits. Calibrated in another process, so that its memory is not counted with that of the step. */
function quantised() {
  const folder = mkdtempSync(join(tmpdir(), 'datafree-bench-'));
  const file = join(folder, 'quantised.onnx');
  const args = [fileURLToPath(import.meta.url), '--index', values.index, '--quantise', file];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  const graph = decodeModel(readFileSync(file));
  rmSync(folder, { recursive: true });
  return graph;
}

/** Writes what {@link quantised} reads. */
async function quantise(entry, file) {
  const model = network(entry.network, { grid: gridOf(entry.grid, 3) });
  const shape = model.input.shape.slice(1);
  const set = memorySamples({ shape, data: new Random(1).normals(entry.batch * elementCount(shape)) });
  const context = { runtime: ort(), seed: 1, logger: silentLogger, onProgress() {} };
  const { graph } = await quantizer({ weights: 4, activations: 4 }).quantize(model, set, context);
  writeFileSync(file, encodeModel(graph));
}

/** MiB of what the nodes behind the loss of a step read of what the nodes before it compute. */
function needed(graph) {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const forward = new Set();
  const waiting = [producers.get('loss')];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (forward.has(node)) continue;
    forward.add(node);
    waiting.push(...node.inputs.map((name) => producers.get(name)).filter((found) => found !== undefined));
  }
  const read = new Set(graph.nodes.filter((node) => !forward.has(node)).flatMap((node) => node.inputs));
  return mebibytes(
    inferTypes(graph),
    [...read].filter((name) => forward.has(producers.get(name))),
  );
}

/**
 * MiB of all activations of one forward pass of the network that is differentiated, which a backward pass needs. What is
 * computed of stored values alone, as decoded weights are, is no activation.
 */
function activations(graph, sizes) {
  const depending = new Set(graph.inputs.map(({ name }) => name));
  const names = graph.nodes.flatMap((node) => {
    if (!node.inputs.some((name) => depending.has(name))) return [];
    for (const name of node.outputs) depending.add(name);
    return node.outputs;
  });
  return mebibytes(inferTypes(graph, sizes), names);
}

function mebibytes(types, names) {
  const width = { float32: 4, bool: 1, uint8: 1, int8: 1, int64: 8 };
  const bytes = (type) => (type === undefined ? 0 : (width[type.dtype] ?? 4) * elementCount(type.shape));
  return names.reduce((sum, name) => sum + bytes(types.get(name)), 0) / mebi;
}

/** The same step in PyTorch, in milliseconds; null where it is not installed. */
function torch({ case: name, network: file, batch }) {
  const script = fileURLToPath(new URL('torch_step.py', import.meta.url));
  for (const python of ['python3', '/usr/bin/python3']) {
    const { status, stdout } = spawnSync(python, [script, name, file, String(batch)], { encoding: 'utf8' });
    if (status === 0) return Number(stdout);
  }
  return null;
}

function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

if (values.index === undefined) {
  for (const [index, entry] of cases.entries()) {
    if (values.case !== undefined && values.case !== entry.case) continue;
    const same = ['rounds', 'threads', 'steps'].flatMap((name) => [`--${name}`, values[name]]);
    const args = [fileURLToPath(import.meta.url), '--index', String(index), ...same];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
} else {
  const entry = cases[Number(values.index)];
  await (values.quantise === undefined ? measure(entry) : quantise(entry, values.quantise));
}
