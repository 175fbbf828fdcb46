import { DatafreeError } from '@datafree/plugin';
import type { Application, GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { tensorOf } from '../tensor.ts';
import { dependents } from './dependents.ts';
import { noGradient } from './obstacles.ts';

/**
 * Reverse-mode differentiation: writes into the builder the gradient of a scalar with respect to values.
 *
 * Only nodes between the wanted values and the scalar are differentiated.
 *
 * @param of the scalar (shape `[]` or one element)
 * @param wrt the values to differentiate by
 * @returns a gradient of the same shape for each value of `wrt`; a zero constant where `of` does not depend on it
 * @throws `operator-no-gradient` naming the node, `shape-mismatch` when `of` is not a scalar
 */
export function differentiate(builder: GraphBuilder, of: Value, wrt: readonly Value[]): Value[] {
  if (of.shape.some((size) => size !== 1)) {
    throw new DatafreeError('shape-mismatch', `Only a scalar can be differentiated, "${of.name}" is [${of.shape}].`, {
      tensor: of.name,
      hint: 'Reduce it first, by a mean or a sum.',
    });
  }
  const applications = [...builder.applications];
  const dependent = dependents(builder, applications, wrt);
  const adjoints = new Map<string, Value>();
  const accumulate = (value: Value | undefined, adjoint: Value | undefined): void => {
    if (value === undefined || adjoint === undefined || !dependent.has(value.name)) return;
    if (String(adjoint.shape) !== String(value.shape)) {
      throw new DatafreeError(
        'shape-mismatch',
        `The derivative by "${value.name}" [${value.shape}] came out as [${adjoint.shape}].`,
        { tensor: value.name },
      );
    }
    const sum = adjoints.get(value.name);
    adjoints.set(value.name, sum === undefined ? adjoint : add(builder, sum, adjoint));
  };

  const one = builder.constant(tensorOf(of.dtype, of.shape, [1]));
  if (dependent.has(of.name)) adjoints.set(of.name, one);
  for (let i = applications.length - 1; i >= 0; i--) {
    const application = applications[i] as Application;
    const own = application.outputs.map((output) => adjoints.get(output.name));
    if (own.every((adjoint) => adjoint === undefined)) continue;
    const rule = application.outputs[0] && builder.customGradientOf(application.outputs[0]);
    if (rule !== undefined) {
      const wanted = rule.inputs.map((input) => dependent.has(input.name));
      const results = rule.gradient(own[0] as Value, wanted);
      rule.inputs.forEach((input, k) => {
        accumulate(input, results[k]);
      });
      continue;
    }
    const wanted = application.inputs.map((input) => input !== undefined && dependent.has(input.name));
    if (!wanted.includes(true)) continue;
    const results = gradientOf(builder, application, own, wanted);
    application.inputs.forEach((input, k) => {
      if (wanted[k]) accumulate(input, results[k]);
    });
  }
  return wrt.map((value) => adjoints.get(value.name) ?? builder.constant(tensorOf(value.dtype, value.shape, [])));
}

function gradientOf(
  builder: GraphBuilder,
  { node, operator, inputs, outputs }: Application,
  adjoints: readonly (Value | undefined)[],
  wanted: readonly boolean[],
): readonly (Value | undefined)[] {
  const named = { ...node, name: builder.nameOf(node.name) };
  if (operator.gradient === undefined) {
    const shapes = inputs.map((input) => (input === undefined ? '–' : `[${input.shape}]`)).join(', ');
    throw noGradient(named, `has no derivative; its inputs are ${shapes}`);
  }
  const constant = (index: number) => builder.constantOf(inputs[index]);
  return operator.gradient({ node: named, builder, inputs, outputs, wanted, constant }, adjoints);
}
