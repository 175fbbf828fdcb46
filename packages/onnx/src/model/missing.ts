import { DatafreeError, type Graph, type Node } from '@datafree/plugin';

/**
 * The error for a network without BatchNormalization: `batchnorm-folded` when it shows signs of having had one,
 * `batchnorm-missing` otherwise.
 */
export function noBatchNorm(graph: Graph): DatafreeError {
  const sign = signOfFolding(graph);
  if (sign === undefined) {
    return new DatafreeError(
      'batchnorm-missing',
      'The network has no BatchNormalization, whose statistics this method needs.',
      {
        hint: 'Use the gaussian method, which needs none, or give real samples.',
      },
    );
  }
  return new DatafreeError(
    'batchnorm-folded',
    `The network has no BatchNormalization; it was folded into the convolutions when the network was exported (${sign}). Its statistics are gone from the file.`,
    { hint: exportHint },
  );
}

/** How to export a network so that it keeps its BatchNormalization. */
const exportHint =
  'Export it again unfolded. PyTorch: torch.onnx.export(model.eval(), x, "model.onnx", training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False), ' +
  'with dynamo=False from version 2.5 on. ' +
  'Keras: tf2onnx.optimizer._optimizers.pop("remove_back_to_back") before tf2onnx.convert.from_keras(model). ' +
  'Or use the gaussian method, which needs no statistics.';

/** Names that programs give to weights they folded a BatchNormalization into. */
const foldedNames: readonly { readonly pattern: RegExp; readonly by: string }[] = [
  { pattern: /^onnx::Conv_\d+$/, by: "the exporter of PyTorch renames folded weights to 'onnx::Conv_…'" },
  { pattern: /_fused_bn/, by: "tf2onnx renames folded weights to '…_fused_bn'" },
  { pattern: /^Conv(Mul|Add|Bn)Fusion_|ConvBnFusion/, by: 'onnxruntime names folded weights this way' },
];

/** Names of weights that tell of a normalization nearby. */
const normalizationName = /batch_?norm|(^|[./_])bn\d*([./_]|$)/i;

/** A warning when some BatchNormalizations of a network are left and others were folded; undefined otherwise. */
export function partlyFolded(graph: Graph): string | undefined {
  const names = convolutionWeights(graph).filter((name) => foldedNames.some(({ pattern }) => pattern.test(name)));
  if (names.length === 0) return undefined;
  return `Some BatchNormalizations seem to have been folded when the network was exported (weights "${names[0]}"); only the statistics of the others are there. ${exportHint}`;
}

/** What shows that a network without BatchNormalization once had it. */
function signOfFolding(graph: Graph): string | undefined {
  const convolutions = convolutionsOf(graph);
  const weights = convolutionWeights(graph);
  for (const { pattern, by } of [...foldedNames, { pattern: normalizationName, by: 'weights are named after one' }]) {
    const example = weights.find((name) => pattern.test(name));
    if (example !== undefined) return `"${example}": ${by}`;
  }
  // Residual and depthwise networks are not trained without a normalization, and then every convolution has a bias.
  const normalized = graph.nodes.some((node) => /Normalization$/.test(node.op) && node.op !== 'LpNormalization');
  const biased = convolutions.filter((node) => node.inputs.length > 2);
  if (normalized || convolutions.length < 4 || biased.length < 0.8 * convolutions.length) return undefined;
  if (convolutions.some((node) => isDepthwise(node, graph)))
    return 'depthwise convolutions with a bias and no normalization';
  if (hasResidual(graph)) return 'a residual network whose convolutions have a bias and no normalization';
  return undefined;
}

function convolutionsOf(graph: Graph): readonly Node[] {
  return graph.nodes.filter((node) => node.op === 'Conv' || node.op === 'ConvTranspose');
}

function convolutionWeights(graph: Graph): readonly string[] {
  return convolutionsOf(graph).flatMap((node) => node.inputs.slice(1));
}

function isDepthwise(node: Node, graph: Graph): boolean {
  const group = node.attributes.group;
  const weights = graph.initializers.get(node.inputs[1] ?? '');
  return group?.type === 'int' && group.value > 1 && weights?.dims[1] === 1;
}

/** An Add of two values that are computed. */
function hasResidual(graph: Graph): boolean {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return graph.nodes.some(
    (node) =>
      node.op === 'Add' &&
      node.inputs.every((name) => producers.has(name)) &&
      node.inputs.some((name) => producers.get(name)?.op === 'Conv'),
  );
}
