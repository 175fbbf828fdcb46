// One training step as a graph: forward, cross-entropy, gradients of all weights, SGD with momentum.
import {
  differentiate,
  GraphBuilder,
  inlineTrainable,
  logSoftmax,
  mul,
  neg,
  reduceMean,
  reduceSum,
  StepProgram,
  sgd,
} from '@datafree/core';

/**
 * @param {import('@datafree/plugin').Graph} network
 * @param {number} batch
 * @returns {StepProgram} feeds: `images`, `targets` [batch, classes], `rate`; reads: `loss`
 */
export function trainingStep(network, batch, classes) {
  const b = new GraphBuilder({ name: 'training-step' });
  const program = new StepProgram(b);
  const images = b.input('images', 'float32', [batch, ...network.inputs[0].shape.slice(1)]);
  const targets = b.input('targets', 'float32', [batch, classes]);
  const rate = b.input('rate', 'float32', []);
  const student = inlineTrainable(
    program,
    network,
    { input: images },
    {
      trained: () => true,
      batchNorm: 'following',
    },
  );
  const likelihood = logSoftmax(b, student.find('logits'), 1);
  const loss = reduceMean(b, neg(b, reduceSum(b, mul(b, targets, likelihood), [1])), [0]);
  const parameters = [...student.parameters.values()];
  const gradients = differentiate(b, loss, parameters);
  const decayed = (name) => name.endsWith('.weight');
  const updates = student.updates(gradients, decayed);
  const next = sgd({ momentum: 0.9, nesterov: true, weightDecay: 3e-4 }).update(program, updates, rate);
  student.update(new Map([...student.parameters.keys()].map((name, i) => [name, next[i]])));
  program.read('loss', loss);
  return program;
}

/** Targets of a batch: one-hot classes. */
export function targetsOf(labels, indices, classes) {
  const data = new Float32Array(indices.length * classes);
  for (let n = 0; n < indices.length; n++) data[n * classes + labels[indices[n]]] = 1;
  return { dtype: 'float32', dims: [indices.length, classes], data };
}
