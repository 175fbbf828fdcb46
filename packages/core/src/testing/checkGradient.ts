import type { Graph, Tensor, Tensors } from '@datafree/plugin';
import { differentiate } from '../gradient/differentiate.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { interpret } from '../graph/interpret.ts';
import type { OperatorSet, Value } from '../graph/operator.ts';
import { add } from '../ops/elementwise/add.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { reduceSum } from '../ops/reduction/reduceSum.ts';
import { isFloat, numbersOf, tensorOf } from '../tensor.ts';
import { uniformTensor } from './values.ts';

/** What {@link checkGradient} checks. */
export interface GradientCheck {
  /** Values of the inputs. */
  readonly inputs: readonly Tensor[];
  /** Writes the operation; a returned output that is not a float is left out of the loss. */
  readonly build: (b: GraphBuilder, inputs: Value[]) => Value | readonly Value[];
  /** Inputs written as constants, by index: they are not differentiated, and gradients may fold them. */
  readonly constant?: readonly number[];
  /** Seed of the loss weights and the directions. */
  readonly seed?: number;
  /** Half the width of the central differences; 1e-4 when absent. Kinks must be further away than this. */
  readonly step?: number;
  /** Largest allowed difference, relative to the largest derivative of the input; 1e-5 when absent. */
  readonly tolerance?: number;
  readonly operators?: OperatorSet;
}

/** The differentiated graph, for further checks: outputs `loss`, `gradient0`, … (one per differentiated input). */
export interface CheckedGradient {
  readonly graph: Graph;
  readonly feeds: Tensors;
}

/** Elements of an input that are checked one by one. */
const elementsChecked = 8;

/**
 * Checks the gradients that an operation emits against central differences, in double precision.
 *
 * The loss is the sum of all float outputs times random weights. Of each input, all derivatives are checked together
 * along two random directions, and up to 8 one by one.
 *
 * @throws Error naming the input, the element and both numbers
 */
export function checkGradient(check: GradientCheck): CheckedGradient {
  const seed = check.seed ?? 1;
  const b = new GraphBuilder({ name: 'gradient-check', ...(check.operators && { operators: check.operators }) });
  const feeds: Record<string, Tensor> = {};
  const wrt: Value[] = [];
  const values = check.inputs.map((tensor, i) => {
    if (check.constant?.includes(i)) return b.constant(tensor, `input${i}`);
    feeds[`input${i}`] = tensor;
    const value = b.input(`input${i}`, tensor.dtype, tensor.dims);
    if (isFloat(tensor.dtype)) wrt.push(value);
    return value;
  });
  const built = check.build(b, values);
  const outputs = (Array.isArray(built) ? (built as readonly Value[]) : [built as Value]).filter((value) =>
    isFloat(value.dtype),
  );
  const terms = outputs.map((output, i) => {
    // Weights are inputs, so that adjoints are not constant and nothing of the gradient is folded away.
    feeds[`weights${i}`] = uniformTensor(output.shape, seed + 101 * (i + 1), 0.5, 1.5);
    return reduceSum(b, mul(b, output, b.input(`weights${i}`, output.dtype, output.shape)));
  });
  const loss = terms.reduce((sum, term) => add(b, sum, term));
  const gradients = differentiate(b, loss, wrt);
  const options = { double: true, ...(check.operators && { operators: check.operators }) };
  b.output(loss, 'loss');
  const forward = b.build();
  for (const [i, gradient] of gradients.entries()) b.output(gradient, `gradient${i}`);
  const graph = b.build();

  const lossAt = (name: string, data: Float64Array): number => {
    const moved = { ...feeds, [name]: tensorOf('float64', feeds[name]!.dims, data) };
    return numbersOf(interpret(forward, moved, options).loss!)[0]!;
  };
  const results = interpret(graph, feeds, options);
  const step = check.step ?? 1e-4;
  for (const [i, { name }] of wrt.entries()) {
    const emitted = Float64Array.from(numbersOf(results[`gradient${i}`]!));
    const at = Float64Array.from(numbersOf(feeds[name]!));
    const largest = emitted.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const along = (direction: Float64Array, what: string, scale: number): void => {
      const ahead = lossAt(
        name,
        at.map((x, k) => x + step * direction[k]!),
      );
      const behind = lossAt(
        name,
        at.map((x, k) => x - step * direction[k]!),
      );
      const expected = (ahead - behind) / (2 * step);
      const actual = emitted.reduce((sum, value, k) => sum + value * direction[k]!, 0);
      const allowed = (check.tolerance ?? 1e-5) * Math.max(largest, Math.abs(expected), 1e-3) * scale;
      if (!(Math.abs(actual - expected) <= allowed)) {
        throw new Error(
          `Derivative by ${name} [${feeds[name]!.dims}] ${what}: emitted ${actual}, central difference ${expected}.`,
        );
      }
    };
    const stride = Math.max(1, Math.ceil(at.length / elementsChecked));
    for (let k = 0; k < at.length; k += stride) {
      const direction = new Float64Array(at.length);
      direction[k] = 1;
      along(direction, `at element ${k}`, 1);
    }
    for (let d = 0; d < 2 && at.length > 0; d++) {
      const direction = Float64Array.from(uniformTensor([at.length], seed + 7 * (d + 1)).data);
      along(direction, `along a random direction`, Math.sqrt(at.length));
    }
  }
  return { graph, feeds };
}
