import { DatafreeError, type Node } from '@datafree/plugin';
import type { Application, GraphBuilder } from '../graph/builder.ts';
import { derivativeHint, typesOf, withDerivative } from '../graph/nodeErrors.ts';
import type { Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { tensorOf } from '../tensor.ts';
import { dependents } from './dependents.ts';
import { requireWholePrecision } from './halves.ts';
import { noGradient } from './obstacles.ts';

/**
 * Reverse-mode differentiation: writes into the builder the gradient of a scalar with respect to values.
 *
 * Only nodes between the wanted values and the scalar are differentiated. Where every way leads through values that
 * are not floating-point (comparisons, codes), the scalar counts as not depending on them: `requireGradient` refuses
 * that beforehand.
 *
 * @param of the scalar (shape `[]` or one element)
 * @param wrt the values to differentiate by
 * @returns a gradient of the same shape for each value of `wrt`; a zero constant where `of` does not depend on it
 * @throws `operator-no-gradient` and what the derivatives throw, naming the node; `shape-mismatch` when `of` is not a
 *   scalar; `value-unknown` for a value of another builder; `unsupported` for constants, and where `of` depends on values
 *   of half precision, whose derivatives are not computed
 */
export function differentiate(builder: GraphBuilder, of: Value, wrt: readonly Value[]): Value[] {
  for (const value of [of, ...requireValues(wrt)]) builder.own(value, 'A derivative');
  const constant = wrt.find((value) => builder.constantOf(value) !== undefined);
  if (constant !== undefined) {
    throw new DatafreeError(
      'unsupported',
      `"${constant.name}" is a constant, and what is computed from constants is folded.`,
      {
        tensor: constant.name,
        hint: 'Make it an input, or a state of a StepProgram, to differentiate by it.',
      },
    );
  }
  if (of.shape.some((size) => size !== 1)) {
    throw new DatafreeError('shape-mismatch', `Only a scalar can be differentiated, "${of.name}" is [${of.shape}].`, {
      tensor: of.name,
      hint: 'Reduce it first, by a mean or a sum.',
    });
  }
  const applications = [...builder.applications];
  requireWholePrecision(builder, of, wrt);
  const dependent = dependents(builder, applications, wrt);
  const adjoints = new Map<string, Value>();
  const accumulate = (value: Value | undefined, adjoint: Value | undefined): void => {
    if (value === undefined || adjoint === undefined || !dependent.has(value.name)) return;
    if (!Array.isArray(adjoint?.shape)) {
      const problem = `that by "${value.name}" is no value of a graph.`;
      throw new DatafreeError('plugin-failed', problem, { tensor: value.name, hint: derivativeHint });
    }
    if (typesOf([adjoint]) !== typesOf([value])) {
      const problem = `that by "${value.name}" (${typesOf([value])}) came out as ${typesOf([adjoint])}.`;
      throw new DatafreeError('shape-mismatch', problem, { tensor: value.name, hint: derivativeHint });
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
    const inputs = rule?.inputs ?? application.inputs;
    const wanted = inputs.map((input) => input !== undefined && dependent.has(input.name));
    if (!wanted.includes(true)) continue;
    const named = { ...application.node, name: builder.nameOf(application.node.name) };
    if (rule === undefined && application.operator.gradient === undefined) {
      throw noGradient(named, `has no derivative; its inputs are ${typesOf(inputs)}`);
    }
    withDerivative(named, inputs, () => {
      const results =
        rule === undefined
          ? gradientOf(builder, application, named, own, wanted)
          : requireResults(rule.gradient(own[0] as Value, wanted));
      inputs.forEach((input, k) => {
        if (wanted[k]) accumulate(input, results[k]);
      });
    });
  }
  return wrt.map((value) => adjoints.get(value.name) ?? builder.constant(tensorOf(value.dtype, value.shape, [])));
}

function gradientOf(
  builder: GraphBuilder,
  { operator, inputs, outputs }: Application,
  node: Node,
  adjoints: readonly (Value | undefined)[],
  wanted: readonly boolean[],
): readonly (Value | undefined)[] {
  const constant = (index: number) => builder.constantOf(inputs[index]);
  return requireResults(operator.gradient?.({ node, builder, inputs, outputs, wanted, constant }, adjoints));
}

function requireValues(wrt: readonly Value[]): readonly Value[] {
  if (Array.isArray(wrt)) return wrt;
  throw new DatafreeError('value-unknown', 'What to differentiate by is no list of values.', {
    hint: 'Give a list: differentiate(builder, loss, [x]).',
  });
}

function requireResults(results: readonly (Value | undefined)[] | undefined): readonly (Value | undefined)[] {
  if (Array.isArray(results)) return results;
  throw new DatafreeError('plugin-failed', 'it gave no list: a value, or undefined, for each input is needed.', {
    hint: derivativeHint,
  });
}
