import { attribute, int64Of, scalarOf } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { changed, type LiftContext, type LiftRule, type LiftRules, without } from './rule.ts';

/** Turns an attribute that lists integers into an input; undefined when the node has no such attribute. */
export function listInput(node: Node, name: string, context: LiftContext): string | undefined {
  if (node.attributes[name] === undefined) return undefined;
  return context.constant(`${node.outputs[0]}_${name}`, int64Of(attribute.intsOf(node, name)));
}

/** Squeeze and Unsqueeze: `axes` was an attribute before 13. */
const squeeze: LiftRule = (node, context) =>
  context.opset >= 13
    ? [node]
    : [changed(node, [node.inputs[0], listInput(node, 'axes', context)], without(node.attributes, 'axes'))];

/** Split: `split` was an attribute before 13; equal parts must be counted since 18. */
const split: LiftRule = (node, context) => {
  const parts = context.opset >= 13 ? node.inputs[1] : listInput(node, 'split', context);
  const attributes = without(node.attributes, 'split');
  const equal = !parts && attributes.num_outputs === undefined;
  return [
    changed(node, [node.inputs[0], parts], {
      ...attributes,
      ...(equal ? { num_outputs: attribute.int(node.outputs.length) } : {}),
    }),
  ];
};

/** Slice: everything was an attribute before 10. */
const slice: LiftRule = (node, context) => {
  if (context.opset >= 10) return [node];
  const lists = ['starts', 'ends', 'axes'].map((name) => listInput(node, name, context));
  return [changed(node, [node.inputs[0], ...lists], without(node.attributes, 'starts', 'ends', 'axes'))];
};

/** Pad: widths and value were attributes before 11. */
const pad: LiftRule = (node, context) => {
  if (context.opset >= 11) return [node];
  const [x] = node.inputs;
  const value = attribute.floatOf(node, 'value', 0);
  const fill =
    value === 0 ? undefined : context.constant(`${node.outputs[0]}_value`, scalarOf(context.dtypeOf(x), value));
  return [changed(node, [x, listInput(node, 'pads', context), fill], without(node.attributes, 'pads', 'value'))];
};

/** Scatter is called ScatterElements since 11. */
const scatter: LiftRule = (node) => [{ ...node, op: 'ScatterElements' }];

/** Rules of the operators that move elements about. */
export const layoutRules: LiftRules = {
  Squeeze: squeeze,
  Unsqueeze: squeeze,
  Split: split,
  Slice: slice,
  Pad: pad,
  Scatter: scatter,
};
