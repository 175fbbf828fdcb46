import { attribute, int64Of, scalarOf } from '@datafree/core';
import { refuse } from './refuse.ts';
import { type LiftRule, type LiftRules, without, write } from './rule.ts';

/**
 * BatchNormalization: always in inference mode. A node exported in training mode has outputs for the updated running
 * statistics; in inference they stay what they were.
 */
const batchNormalization: LiftRule = (node, context) => {
  if (attribute.intOf(node, 'spatial', 1) !== 1) {
    throw refuse(node, context.opset, 'it has statistics for each position (spatial = 0)');
  }
  const [y, mean, variance] = node.outputs;
  const inference = {
    ...node,
    outputs: [y as string],
    attributes: without(node.attributes, 'spatial', 'momentum', 'training_mode', 'is_test', 'consumed_inputs'),
  };
  const unchanged = [
    [mean, node.inputs[3]],
    [variance, node.inputs[4]],
  ].flatMap(([output, input]) => (output ? [write('Identity', [input], output)] : []));
  return [inference, ...unchanged];
};

/**
 * GroupNormalization: before 21, scale and bias had one value a group. That is an InstanceNormalization whose
 * channels are the groups.
 */
const groupNormalization: LiftRule = (node, context) => {
  if (context.opset >= 21) return [node];
  const [x, scale, bias] = node.inputs;
  const y = node.outputs[0] as string;
  const groups = attribute.intOf(node, 'num_groups');
  const names = ['shape', 'groups', 'normalized'].map((stem) => context.unused(`${y}_${stem}`)) as [
    string,
    string,
    string,
  ];
  const target = context.constant(`${y}_group_shape`, int64Of([0, groups, -1]));
  const epsilon = attribute.float(attribute.floatOf(node, 'epsilon', 1e-5));
  return [
    write('Shape', [x], names[0]),
    write('Reshape', [x, target], names[1]),
    { ...write('InstanceNormalization', [names[1], scale, bias], names[2], { epsilon }), name: node.name },
    write('Reshape', [names[2], names[0]], y),
  ];
};

/** RMSNormalization, new in 23: `x / sqrt(mean(x²) + epsilon) · scale`, the mean over the axes from `axis` on. */
const rmsNormalization: LiftRule = (node, context) => {
  const [x, scale] = node.inputs;
  const y = node.outputs[0] as string;
  const axis = attribute.intOf(node, 'axis', -1);
  const rank = context.rankOf(x) ?? context.rankOf(y);
  if (axis >= 0 && rank === undefined)
    throw refuse(node, context.opset, 'its axis counts from the front of a value of unknown rank');
  const first = axis < 0 ? axis : axis - (rank as number);
  const axes = Array.from({ length: -first }, (_, i) => first + i);
  const name = (stem: string): string => context.unused(`${y}_${stem}`);
  const [square, mean, shifted, root, normalized] = [
    name('square'),
    name('mean'),
    name('shifted'),
    name('root'),
    name('normalized'),
  ];
  const epsilon = scalarOf(context.dtypeOf(x), attribute.floatOf(node, 'epsilon', 1e-5));
  return [
    write('Mul', [x, x], square),
    write('ReduceMean', [square, context.constant(`${y}_axes`, int64Of(axes))], mean),
    write('Add', [mean, context.constant(`${y}_epsilon`, epsilon)], shifted),
    write('Sqrt', [shifted], root),
    write('Div', [x, root], normalized),
    { ...write('Mul', [normalized, scale], y), name: node.name },
  ];
};

/** Rules of the normalizations. */
export const normalizationRules: LiftRules = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization,
};
