import { logitsName as logitsOfOutput, reshape, type Value } from '@datafree/core';
import { DatafreeError, type Model } from '@datafree/plugin';
import type { TermScope } from './term.ts';

/** Name of the value that holds the logits: the network's output, or what enters the Softmax that makes it. */
export function logitsName(model: Model): string {
  return logitsOfOutput(model.graph, model.output.name);
}

/**
 * Number of classes: the size of the output's second axis, where all further ones are 1.
 *
 * @throws `unsupported` when the output is not one number a class
 */
export function classCount(model: Model): number {
  const [, classes, ...rest] = model.output.shape;
  if (typeof classes === 'number' && rest.every((size) => size === 1)) return classes;
  throw new DatafreeError(
    'unsupported',
    `Output "${model.output.name}" is [${model.output.shape}]: there are no classes to aim at.`,
    {
      tensor: model.output.name,
      hint: 'Use a synthesizer that needs no classes (bns), and say how many samples there are to be in all.',
    },
  );
}

/** The logits as [n, classes]. */
export function logitsOf(scope: TermScope): Value {
  const logits = scope.network(logitsName(scope.model));
  return logits.shape.length === 2
    ? logits
    : reshape(scope.builder, logits, [logits.shape[0] as number, classCount(scope.model)]);
}
