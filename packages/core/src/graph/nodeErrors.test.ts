import { DatafreeError, type ErrorCode, type Graph, isDatafreeError, type Node } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../gradient/differentiate.ts';
import { cast } from '../ops/elementwise/cast.ts';
import { mul } from '../ops/elementwise/mul.ts';
import { standardOperators } from '../ops/index.ts';
import { gatherND } from '../ops/layout/gatherND.ts';
import { scatterND } from '../ops/layout/scatterND.ts';
import { reduceSum } from '../ops/reduction/reduceSum.ts';
import { int64Of, tensorOf } from '../tensor.ts';
import { attributes, int, ints } from './attributes.ts';
import { GraphBuilder } from './builder.ts';
import { hints } from './hints.ts';
import { interpret } from './interpret.ts';
import { derivativeHint } from './nodeErrors.ts';
import { type Operator, type Value, withOperators } from './operator.ts';

/** The error of some work. */
function errorOf(work: () => unknown): DatafreeError {
  try {
    work();
  } catch (error) {
    if (isDatafreeError(error)) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

const custom = (type: string, parts: Partial<Operator>): Operator => ({
  type,
  infer: ({ inputs }) => [inputs[0]!],
  gradient: (_, [dy]) => [dy],
  evaluate: ({ inputs }) => [inputs[0]!],
  ...parts,
});
const fail = (): never => {
  throw new TypeError('boom');
};
const refuse = (code: ErrorCode, hint?: string) => (): never => {
  throw new DatafreeError(code, 'not this one.', { hint });
};

const operators = withOperators(standardOperators, [
  custom('Untyped', { infer: () => [] }),
  custom('Misshapen', { infer: refuse('shape-mismatch') }),
  custom('Failing', { infer: fail }),
  custom('Refusing', { infer: refuse('unsupported', 'Take another.') }),
  custom('Unfolded', { evaluate: refuse('not-finite') }),
  custom('Throwing', { evaluate: fail }),
  custom('FailingBack', { gradient: fail }),
  custom('RefusingBack', { gradient: refuse('operator-no-gradient') }),
  custom('Narrowing', { gradient: ({ builder: b }, [dy]) => [reduceSum(b, dy!)] }),
  custom('Misfitting', { gradient: ({ builder: b }, [dy]) => [mul(b, dy!, b.constant(tensorOf('float32', [5], [])))] }),
  custom('Writing', { gradient: ({ builder: b }, [dy]) => [b.op('Nowhere', [dy])] }),
  { type: 'Flowing', infer: ({ inputs }) => [inputs[0]!] },
]);

/** An operator of ONNX reads `x` alone, one of these `x` and `k`. */
const inputsOf = (op: string) => (standardOperators.has(`:${op}`) ? ['x'] : ['x', '', 'k']);

/** A graph of one node, `mine`, of the operator. */
const graphOf = (op: string, own: Node['attributes'] = {}): Graph => ({
  name: 'inner',
  opset: { '': 21 },
  inputs: [{ name: 'x', dtype: 'float32', shape: [2, 3] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [2, 3] }],
  initializers: new Map([['k', int64Of([1])]]),
  nodes: [{ op, domain: '', name: 'mine', inputs: inputsOf(op), outputs: ['y'], attributes: own }],
  metadata: new Map(),
});

/** That graph, inlined. */
function written(op: string, own?: Node['attributes']): { b: GraphBuilder; x: Value; y: Value } {
  const b = new GraphBuilder({ operators });
  const x = b.input('x', 'float32', [2, 3]);
  return { b, x, y: b.inline(graphOf(op, own), { x }, { prefix: 'inside/' })('y') };
}
const types = 'float32[2,3], –, int64[1]';
const typesOf = (op: string) => (standardOperators.has(`:${op}`) ? 'float32[2,3]' : types);

describe('an error of a node that is written', () => {
  it.each([
    ['Nowhere', {}, 'operator-unknown', hints['operator-unknown']],
    ['Untyped', {}, 'shape-mismatch', expect.stringContaining('`infer`')],
    ['Failing', {}, 'plugin-failed', hints['plugin-failed']],
    ['Refusing', {}, 'unsupported', 'Take another.'],
    ['Transpose', { perm: ints([0, 2]) }, 'attribute-invalid', hints['attribute-invalid']],
    ['Cast', {}, 'attribute-invalid', hints['attribute-invalid']],
    ['Softmax', { axis: ints([0]) }, 'attribute-invalid', hints['attribute-invalid']],
    ['Misshapen', {}, 'shape-mismatch', hints['shape-mismatch']],
  ] as const)('%s names the node, its operator, its shapes and what to do', (op, own, code, hint) => {
    const error = errorOf(() => written(op, own));
    expect(error).toMatchObject({ code, node: 'mine', op, hint });
    expect(error.hint).toBeTruthy();
    expect(error.message).toContain('"mine"');
    expect(error.message).toContain(typesOf(op));
    expect(error.message).not.toContain('inside/');
  });

  it('keeps what was thrown as its cause', () => {
    const error = errorOf(() => written('Failing'));
    expect(error.message).toBe(`Failing "mine" (${types}): boom`);
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('says where a shape would have to be constant', () => {
    const b = new GraphBuilder();
    const error = errorOf(() => b.op('Reshape', [b.input('x', 'float32', [4]), b.input('to', 'int64', [2])]));
    expect(error).toMatchObject({ node: 'Reshape', hint: expect.stringContaining('follows from shapes') });
    expect(error.message).toContain('(float32[4], int64[2])');
  });

  it('tells a value of another builder', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [2]);
    const other = new GraphBuilder().input('elsewhere', 'float32', [2]);
    const error = errorOf(() => b.op('Relu', [other]));
    expect(error).toMatchObject({ code: 'value-unknown', op: 'Relu', tensor: 'elsewhere' });
    expect(error.hint).toContain('inline');
  });

  it('tells a value of another builder by more than its name, wherever one is taken', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const other = new GraphBuilder();
    const twin = other.input('x', 'float32', [2]);
    other.output(mul(other, twin, twin), 'y');
    const works = [
      () => b.op('Relu', [twin]),
      () => b.output(twin, 'y'),
      () => b.inline(other.build(), { x: twin }),
      () => b.setGradient(twin, { inputs: [x], gradient: (dy) => [dy] }),
      () => b.setGradient(x, { inputs: [twin], gradient: (dy) => [dy] }),
      () => differentiate(b, reduceSum(b, x), [twin]),
      () => differentiate(b, reduceSum(other, twin), [x]),
    ];
    for (const work of works)
      expect(errorOf(work)).toMatchObject({ code: 'value-unknown', tensor: expect.any(String) });
  });

  it('says what a value is where a number, a tensor or nothing is given', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    for (const given of [1, tensorOf('float32', [2], []), null]) {
      const error = errorOf(() => b.op('Add', [x, given as never]));
      expect(error).toMatchObject({ code: 'value-unknown', op: 'Add', hint: expect.stringContaining('scalar') });
    }
    expect(errorOf(() => b.output(undefined as never))).toMatchObject({ code: 'value-unknown' });
  });

  it('says what is no list of values, no attribute, no set of operators, no tensor', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const coded = (code: ErrorCode, work: () => unknown) =>
      expect(errorOf(work)).toMatchObject({ code, hint: expect.any(String) });
    coded('value-unknown', () => b.op('Relu', x as never));
    coded('value-unknown', () => b.op('Relu', undefined as never));
    coded('attribute-invalid', () => b.op('Softmax', [x], { axis: undefined as never }));
    coded('attribute-invalid', () => b.op('Softmax', [x], { axis: 1 as never }));
    coded('option-invalid', () => withOperators(standardOperators, {} as never));
    coded('option-invalid', () => withOperators([] as never, []));
    coded('shape-mismatch', () => tensorOf('float32', [2], undefined as never));
    coded('shape-mismatch', () => tensorOf('float32', 2 as never, [1, 2]));
    expect(tensorOf('int64', [1], [3n] as never).data).toEqual(new BigInt64Array([3n]));
  });

  it('tells a gap among any number of inputs', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const error = errorOf(() => b.op('Concat', [x, undefined, x], attributes({ axis: int(0) })));
    expect(error).toMatchObject({ code: 'shape-mismatch', op: 'Concat' });
    expect(error.message).toContain('input 1 is not given');
  });

  it('points to the operator itself where the number of its inputs is wrong', () => {
    const own: Operator = { type: 'Own', domain: 'mine', operands: [2, 2], infer: ({ inputs }) => [inputs[0]!] };
    const b = new GraphBuilder({ operators: withOperators(standardOperators, [own]) });
    const error = errorOf(() => b.op('Own', [b.input('x', 'float32', [2])], {}, 'mine'));
    expect(error.hint).toContain('`operands`');
  });

  it.each([
    ['evaluate', { evaluate: () => 3 }],
    ['known', { known: () => [3] }],
    ['evaluate', { evaluate: () => [{ dtype: 'float32', dims: [2], data: [1, 2] }] }],
  ])('blames the %s of an operator for what it gives while constants are folded', (rule, own) => {
    const operators = withOperators(standardOperators, [custom('Own', own as unknown as Partial<Operator>)]);
    const b = new GraphBuilder({ operators });
    const error = errorOf(() => b.op('Own', [b.constant(tensorOf('float32', [2], [1, 2]))]));
    expect(error).toMatchObject({ code: 'plugin-failed', op: 'Own', hint: expect.stringContaining(rule) });
  });

  it('tells constants that have no value as an integer', () => {
    const b = new GraphBuilder();
    const x = b.constant(tensorOf('float32', [1], [Number.NaN]));
    expect(errorOf(() => cast(b, x, 'int64'))).toMatchObject({ code: 'not-finite', op: 'Cast' });
    expect(errorOf(() => b.op('Mod', [b.int64([3]), b.int64([0])]))).toMatchObject({ code: 'not-finite', op: 'Mod' });
  });

  it.each([
    ['type', { infer: () => [] }],
    ['infer', null],
    ['infer', { type: 'Own' }],
  ])('tells that an operator has no %s', (lacking, operator) => {
    const error = errorOf(() => withOperators(standardOperators, [operator as unknown as Operator]));
    expect(error).toMatchObject({ code: 'option-invalid', path: `0.${lacking}` });
  });

  it('is told when constants are folded', () => {
    const b = new GraphBuilder({ operators });
    const error = errorOf(() => b.op('Unfolded', [b.constant(tensorOf('float32', [3], [1, 2, 3]))]));
    expect(error).toMatchObject({ code: 'not-finite', node: 'Unfolded', op: 'Unfolded', hint: hints['not-finite'] });
    expect(error.message).toBe('Unfolded "Unfolded" (float32[3]): not this one.');
  });
});

describe('an error of a derivative', () => {
  it.each([
    ['FailingBack', 'plugin-failed', hints['plugin-failed'], 'boom'],
    ['RefusingBack', 'operator-no-gradient', hints['operator-no-gradient'], 'not this one'],
    ['Narrowing', 'shape-mismatch', derivativeHint, 'by "x" (float32[2,3]) came out as float32[]'],
    ['Misfitting', 'shape-mismatch', derivativeHint, 'Mul "Mul_'],
    ['Writing', 'operator-unknown', derivativeHint, 'Nowhere "Nowhere" (float32[2,3])'],
    ['Flowing', 'operator-no-gradient', hints['operator-no-gradient'], 'has no derivative'],
  ] as const)('%s names the node that is differentiated', (op, code, hint, problem) => {
    const { b, x, y } = written(op);
    const weighted = mul(b, y, b.input('weights', 'float32', [2, 3]));
    const error = errorOf(() => differentiate(b, reduceSum(b, weighted), [x]));
    expect(error).toMatchObject({ code, node: 'mine', op, hint });
    expect(error.message).toContain('"mine"');
    expect(error.message).toContain(types);
    expect(error.message).toContain(problem);
  });

  it('is not silence: a derivative that gives nothing is none', () => {
    const operators = withOperators(standardOperators, [custom('Own', { gradient: () => undefined as never })]);
    const b = new GraphBuilder({ operators });
    const x = b.input('x', 'float32', [2]);
    const loss = reduceSum(b, b.op('Own', [x]));
    const error = errorOf(() => differentiate(b, loss, [x]));
    expect(error).toMatchObject({ code: 'plugin-failed', op: 'Own', hint: derivativeHint });
  });

  it.each([
    ['no value', 'plugin-failed', 3],
    ['another element type', 'shape-mismatch', undefined],
  ] as const)('tells a derivative that is %s', (_, code, given) => {
    const b = new GraphBuilder({
      operators: withOperators(standardOperators, [
        custom('Own', {
          gradient: ({ builder }, [dy]) => [(given as never) ?? cast(builder, dy!, 'float64')],
        }),
      ]),
    });
    const x = b.input('x', 'float32', [2]);
    const error = errorOf(() => differentiate(b, reduceSum(b, b.op('Own', [x])), [x]));
    expect(error).toMatchObject({ code, op: 'Own', hint: derivativeHint });
  });

  it('refuses a list that is none of a derivative set by hand', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3]);
    const y = b.setGradient(b.op('Round', [x]), { inputs: [x], gradient: () => undefined as never });
    expect(errorOf(() => differentiate(b, reduceSum(b, y), [x]))).toMatchObject({ code: 'plugin-failed', op: 'Round' });
  });

  it('refuses half precision on the way, which would be no derivative', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3]);
    const halved = cast(b, cast(b, x, 'float16'), 'float32');
    const error = errorOf(() => differentiate(b, reduceSum(b, mul(b, x, halved)), [x]));
    expect(error).toMatchObject({ code: 'unsupported', op: 'Cast', hint: expect.stringContaining('float32') });
    const half = b.input('half', 'float16', [3]);
    const sum = reduceSum(b, cast(b, half, 'float32'));
    expect(errorOf(() => differentiate(b, sum, [half]))).toMatchObject({ code: 'unsupported', tensor: 'half' });
    expect(() => differentiate(b, sum, [x])).not.toThrow();
  });

  it('names the node whose derivative was set by hand, with what it was set for', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3]);
    const half = b.op('Round', [mul(b, x, 0.5)]);
    const y = b.setGradient(half, { inputs: [x], gradient: (dy) => [reduceSum(b, dy)] });
    const error = errorOf(() => differentiate(b, reduceSum(b, y), [x]));
    expect(error).toMatchObject({ code: 'shape-mismatch', node: 'Round', op: 'Round', tensor: 'x' });
    expect(error.message).toBe(
      'The derivative of Round "Round" (float32[3]): that by "x" (float32[3]) came out as float32[].',
    );
  });

  it('says what is refused of operators that have one', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    const indices = b.constant(tensorOf('int64', [2, 1], [1, 2]));
    const picked = b.op('GatherND', [x, indices], attributes({ batch_dims: int(1) }));
    expect(errorOf(() => differentiate(b, reduceSum(b, picked), [x]))).toMatchObject({
      code: 'operator-no-gradient',
      message:
        'The derivative of GatherND "GatherND" (float32[2,3], int64[2,1]): with batch_dims it has no derivative.',
      node: 'GatherND',
      hint: expect.stringContaining('GatherElements'),
    });
    const rows = gatherND(b, x, b.constant(tensorOf('int64', [1, 1], [0])));
    const scattered = scatterND(b, x, b.constant(tensorOf('int64', [1, 1], [1])), rows, 'mul');
    expect(errorOf(() => differentiate(b, reduceSum(b, scattered), [x]))).toMatchObject({
      code: 'operator-no-gradient',
      message: expect.stringContaining('ScatterND "ScatterND" (float32[2,3], int64[1,1], float32[1,3])'),
      hint: expect.stringContaining('none and add'),
    });
  });
});

describe('an error of interpret', () => {
  it.each([
    ['Nowhere', 'operator-unknown'],
    ['Flowing', 'operator-no-evaluate'],
    ['Unfolded', 'not-finite'],
    ['Throwing', 'plugin-failed'],
    ['Cast', 'attribute-invalid'],
  ] as const)('%s names the node, its operator, its shapes and what to do', (op, code) => {
    const x = tensorOf('float32', [2, 3], []);
    const error = errorOf(() => interpret(graphOf(op), { x }, { operators }));
    expect(error).toMatchObject({ code, node: 'mine', op, hint: hints[code] });
    expect(error.hint).toBeTruthy();
    expect(error.message).toContain('"mine"');
    expect(error.message).toContain(typesOf(op));
  });

  it.each([
    ['no list', () => tensorOf('float32', [2], []) as never],
    ['the element type undefined', () => [new Float32Array(2)] as never],
    [
      'has 1 value, where float32[2] has 2',
      () => [{ dtype: 'float32', dims: [2], data: new Float32Array(1) }] as never,
    ],
  ])('blames an evaluation that gives what %s', (problem, evaluate) => {
    const own = withOperators(standardOperators, [custom('Wrong', { evaluate })]);
    const error = errorOf(() =>
      interpret(graphOf('Wrong'), { x: tensorOf('float32', [2, 3], []) }, { operators: own }),
    );
    expect(error).toMatchObject({ code: 'plugin-failed', node: 'mine', op: 'Wrong' });
    expect(error.message).toContain(problem);
    expect(error.hint).toContain('`evaluate`');
  });

  it.each([undefined, [null], [undefined]])('blames a shape rule that gives %s', (given) => {
    const own = withOperators(standardOperators, [custom('Wrong', { infer: () => given as never })]);
    const b = new GraphBuilder({ operators: own });
    const error = errorOf(() => b.op('Wrong', [b.input('x', 'float32', [2])]));
    expect(error).toMatchObject({ code: 'shape-mismatch', op: 'Wrong', hint: expect.stringContaining('`infer`') });
  });

  it('tells an input that the operator needs', () => {
    const error = errorOf(() => interpret(graphOf('Gather'), { x: tensorOf('float32', [2, 3], []) }, { operators }));
    expect(error).toMatchObject({ code: 'shape-mismatch', node: 'mine', op: 'Gather' });
    expect(error.message).toContain('it takes 2 inputs, input 1 is not given');
  });
});
