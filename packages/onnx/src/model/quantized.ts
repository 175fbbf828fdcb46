import { DatafreeError, type Graph, type Node } from '@datafree/plugin';

/** Operators of ai.onnx that work on quantised values. */
const standard: readonly string[] = [
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'ConvInteger',
  'MatMulInteger',
];

/** Names of those that onnxruntime adds: QLinearAdd, QGemm, DynamicQuantizeMatMul, MatMulNBits, … */
const contributed = /^QLinear|^QGemm$|^QAttention$|Quantize|MatMulInteger|NBits/;

/**
 * Refuses a network that is quantised already: its weights are codes, and its activations are rounded, so that it can
 * neither be taken for the original nor be rounded again without loss.
 *
 * @throws `model-quantized`
 */
export function checkUnquantized({ nodes }: Graph): void {
  const found = nodes.filter(isQuantized);
  const [first] = found;
  if (first === undefined) return;
  const operators = [...new Set(found.map(({ op }) => op))].sort().join(', ');
  throw new DatafreeError(
    'model-quantized',
    `The network is quantised already: ${found.length} of its ${nodes.length} nodes are ${operators}.`,
    {
      node: first.name,
      op: first.op,
      hint: 'Give the network in full precision that it was made of. "datafree finetune" takes both; "datafree evaluate" runs either.',
    },
  );
}

function isQuantized({ domain, op }: Node): boolean {
  return domain === '' ? standard.includes(op) : domain === 'com.microsoft' && contributed.test(op);
}
