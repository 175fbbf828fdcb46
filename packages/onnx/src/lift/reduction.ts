import { attribute, int64Of } from '@datafree/core';
import { listInput } from './layout.ts';
import { changed, type LiftRule, type LiftRules, without } from './rule.ts';

/** Reductions: `axes` was an attribute before the given opset. */
const axesBefore =
  (opset: number): LiftRule =>
  (node, context) =>
    context.opset >= opset
      ? [node]
      : [changed(node, [node.inputs[0], listInput(node, 'axes', context)], without(node.attributes, 'axes'))];

/** TopK: `k` was an attribute before 10. */
const topK: LiftRule = (node, context) => {
  if (context.opset >= 10) return [node];
  const k = context.constant(`${node.outputs[0]}_k`, int64Of([attribute.intOf(node, 'k')]));
  return [changed(node, [node.inputs[0], k], without(node.attributes, 'k'))];
};

/** DFT: `axis` was an attribute before 20. */
const dft: LiftRule = (node, context) => {
  if (context.opset >= 20) return [node];
  const axis = int64Of([attribute.intOf(node, 'axis', 1)]);
  const scalar = context.constant(`${node.outputs[0]}_axis`, { ...axis, dims: [] });
  return [changed(node, [node.inputs[0], node.inputs[1], scalar], without(node.attributes, 'axis'))];
};

/** Rules of the reductions. */
export const reductionRules: LiftRules = {
  ReduceSum: axesBefore(13),
  ...Object.fromEntries(
    ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].map((kind) => [
      `Reduce${kind}`,
      axesBefore(18),
    ]),
  ),
  TopK: topK,
  DFT: dft,
};
