import { type Operator, standardOperators, withOperators } from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import { expect, it } from 'vitest';
import { network, withOperator } from '../testing/models.ts';
import { underivedOperators } from './obstacles.ts';

it('operators that a model was loaded with are obstacles only where they have no derivative', () => {
  const graph = withOperator(network(), { op: 'Own', domain: 'example' });
  const obstaclesOf = (own: Operator) =>
    underivedOperators(prepareModel(graph, { operators: withOperators(standardOperators, [own]) }));
  const operator: Operator = { type: 'Own', domain: 'example', infer: ({ inputs }) => [inputs[0]!] };
  expect(obstaclesOf(operator).map(({ op }) => op)).toEqual(Array(3).fill('example:Own'));
  expect(obstaclesOf({ ...operator, gradient: (_, [adjoint]) => [adjoint] })).toEqual([]);
});
