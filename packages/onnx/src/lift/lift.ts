import type { Node } from '@datafree/plugin';
import { activationRules } from './activation.ts';
import { layoutRules } from './layout.ts';
import { normalizationRules } from './normalization.ts';
import { quantizationRules } from './quantization.ts';
import { reductionRules } from './reduction.ts';
import { refuse } from './refuse.ts';
import { resamplingRules } from './resampling.ts';
import type { LiftContext, LiftRule, LiftRules } from './rule.ts';

const newerThanCanonical: LiftRule = (node, context) => {
  throw refuse(node, context.opset, 'the operator is newer than opset 21 and cannot be said in it');
};

/** What changed between opset 9 and 26; an operator that is not here means the same in all of them. */
const rules: LiftRules = {
  ...activationRules,
  ...layoutRules,
  ...normalizationRules,
  ...quantizationRules,
  ...reductionRules,
  ...resamplingRules,
  ...Object.fromEntries(
    ['Attention', 'BitCast', 'CumProd', 'RotaryEmbedding', 'TensorScatter'].map((op) => [op, newerThanCanonical]),
  ),
};

/**
 * Says a node of opset 9 to 26 in opset 21. Nodes of other domains than ai.onnx stay as they are.
 *
 * @throws `opset-unsupported` for what opset 21 cannot say
 */
export function lift(node: Node, context: LiftContext): readonly Node[] {
  const rule = node.domain === '' && Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
  return rule === undefined ? [node] : rule(node, context);
}
