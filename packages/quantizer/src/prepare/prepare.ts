import { batchSizes, inferTypes, operatorSetOf, type TensorType } from '@datafree/core';
import { foldBatchNorms } from '@datafree/onnx';
import type { Graph, Model } from '@datafree/plugin';
import { lastConvToGemm } from './classifier.ts';

import { matMulToGemm, plainGemm } from './gemm.ts';
import { boundBeforePool, meanToPool } from './pooling.ts';
import { scaleToConv } from './scale.ts';

/**
 * The network in the form that is quantised: BatchNormalization folded into the layers before it or turned into
 * convolutions, matrix products as Gemm, spatial means as pooling. It computes what the model computes.
 */
export function prepare(model: Model): Graph {
  const sizes = batchSizes(model.input, 1);
  const operators = operatorSetOf(model);
  const types = (graph: Graph): ReadonlyMap<string, TensorType> => inferTypes(graph, sizes, operators);
  const folded = foldBatchNorms(model.graph, operators);
  const known = types(folded);
  const convolutional = lastConvToGemm(meanToPool(scaleToConv(folded, known), known), known);
  return boundBeforePool(plainGemm(matMulToGemm(convolutional, known)));
}
