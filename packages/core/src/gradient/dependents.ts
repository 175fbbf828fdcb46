import type { Application, GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { isFloat } from '../tensor.ts';

/** Names of the values that depend on `wrt` through floating-point values. */
export function dependents(
  builder: GraphBuilder,
  applications: readonly Application[],
  wrt: readonly Value[],
): ReadonlySet<string> {
  const names = new Set(wrt.map((value) => value.name));
  for (const { inputs, outputs } of applications) {
    const rule = outputs[0] && builder.customGradientOf(outputs[0]);
    const sources = rule?.inputs ?? inputs;
    if (!sources.some((input) => input !== undefined && names.has(input.name))) continue;
    for (const output of outputs) if (isFloat(output.dtype)) names.add(output.name);
  }
  return names;
}
