import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { isFloat, isHalf } from '../tensor.ts';

/**
 * Refuses a scalar that depends on some values through numbers of half precision: derivatives are computed in float32
 * and float64 only, and those of halves would come out as 0.
 *
 * @throws `unsupported` naming the first node that gives halves
 */
export function requireWholePrecision(builder: GraphBuilder, of: Value, wrt: readonly Value[]): void {
  const half = wrt.find(({ dtype }) => isHalf(dtype));
  if (half !== undefined) throw halves(`"${half.name}" is ${half.dtype}`, { tensor: half.name });
  const { applications } = builder;
  const reached = new Set(wrt.map(({ name }) => name));
  for (const { inputs, outputs } of applications) {
    if (!inputs.some((input) => input !== undefined && reached.has(input.name))) continue;
    for (const { name, dtype } of outputs) if (isFloat(dtype) || isHalf(dtype)) reached.add(name);
  }
  const needed = new Set([of.name]);
  for (const { node, inputs, outputs } of [...applications].reverse()) {
    const own = outputs.filter(({ name }) => needed.has(name) && reached.has(name));
    if (own.length === 0) continue;
    // A derivative of one's own goes past what lies before it.
    const rule = outputs[0] && builder.customGradientOf(outputs[0]);
    for (const input of rule?.inputs ?? inputs) if (input !== undefined) needed.add(input.name);
    const given = own.find(({ dtype }) => isHalf(dtype));
    if (given === undefined) continue;
    const name = builder.nameOf(node.name);
    throw halves(`${node.op} "${name}" gives ${given.dtype}`, { node: name, op: node.op });
  }
}

function halves(
  what: string,
  where: { readonly node?: string; readonly op?: string; readonly tensor?: string },
): DatafreeError {
  return new DatafreeError('unsupported', `${what}, and derivatives are computed in float32 and float64 only.`, {
    ...where,
    hint: 'Write the graph in float32, or export the network in float32.',
  });
}
