import { attribute, float32Of, type TensorType, tensorOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { rewriteNodes } from './rewrite.ts';

/**
 * Writes every Gemm with constant weights as `x · Wᵀ + b`: W transposed to one row an output, alpha and beta in the
 * constants, the bias one value an output.
 */
export function plainGemm(graph: Graph): Graph {
  return rewriteNodes(graph, (node, topology) => {
    if (node.op !== 'Gemm' || node.domain !== '') return undefined;
    const { intOf, floatOf } = attribute;
    const [x, weightName, biasName = ''] = node.inputs as [string, string, string?];
    const weight = topology.constant(weightName);
    const bias = topology.constant(biasName);
    if (weight?.dtype !== 'float32' || intOf(node, 'transA', 0) !== 0) return undefined;
    if (biasName !== '' && bias?.dtype !== 'float32') return undefined;
    const transposed = intOf(node, 'transB', 0) === 1;
    const alpha = floatOf(node, 'alpha', 1);
    const beta = floatOf(node, 'beta', 1);
    const outputs = weight.dims[transposed ? 0 : 1] as number;
    const fits = bias === undefined || (bias.dims.length === 1 && bias.dims[0] === outputs);
    if (transposed && alpha === 1 && beta === 1 && fits) return undefined;
    const values = bias && spread(bias, outputs);
    if (bias !== undefined && values === undefined) return undefined;
    const names = { weight: `${node.name}.weight`, bias: `${node.name}.bias` };
    return {
      nodes: [gemm(node, x, names.weight, values && names.bias)],
      initializers: {
        [names.weight]: scaled(transposed ? weight : transpose(weight), alpha),
        ...(values && { [names.bias]: scaled(values, beta) }),
      },
    };
  });
}

/** Writes `x · W` of rank 2, with the constant that alone is added to it, as a Gemm. */
export function matMulToGemm(graph: Graph, types: ReadonlyMap<string, TensorType>): Graph {
  const merged = new Set<Node>();
  const found = rewriteNodes(graph, (node, topology) => {
    if (node.op !== 'MatMul' || node.domain !== '') return undefined;
    const [x, weightName] = node.inputs as [string, string];
    const weight = topology.constant(weightName);
    if (weight?.dtype !== 'float32' || weight.dims.length !== 2 || types.get(x)?.shape.length !== 2) return undefined;
    const names = { weight: `${node.name}.weight`, bias: `${node.name}.bias` };
    const add = topology.onlyConsumer(node.outputs[0] as string);
    const addend =
      add?.op === 'Add' ? topology.constant(add.inputs.find((name) => name !== node.outputs[0])) : undefined;
    const bias = addend?.dtype === 'float32' ? spread(addend, weight.dims[1] as number) : undefined;
    if (bias !== undefined) merged.add(add as Node);
    return {
      nodes: [
        gemm(
          { ...node, outputs: bias === undefined ? node.outputs : (add as Node).outputs },
          x,
          names.weight,
          bias && names.bias,
        ),
      ],
      initializers: { [names.weight]: transpose(weight), ...(bias && { [names.bias]: bias }) },
    };
  });
  return merged.size === 0 ? found : { ...found, nodes: found.nodes.filter((node) => !merged.has(node)) };
}

function gemm(node: Node, x: string, weight: string, bias: string | undefined): Node {
  return {
    ...node,
    op: 'Gemm',
    inputs: bias === undefined ? [x, weight] : [x, weight, bias],
    attributes: { transB: attribute.int(1) },
  };
}

function transpose(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.dims as [number, number];
  const values = float32Of(matrix);
  const turned = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c] as number;
  return { dtype: 'float32', dims: [columns, rows], data: turned };
}

function scaled(tensor: Tensor, factor: number): Tensor {
  return factor === 1 ? tensor : { ...tensor, data: float32Of(tensor).map((value) => value * factor) };
}

/** A bias as a vector of `count` values; undefined when it differs from row to row. */
function spread(bias: Tensor, count: number): Tensor | undefined {
  const values = float32Of(bias);
  if (values.length === 1) return tensorOf('float32', [count], new Float32Array(count).fill(values[0] as number));
  return values.length === count && bias.dims.at(-1) === count ? tensorOf('float32', [count], values) : undefined;
}
