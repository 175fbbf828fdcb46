import type { CompileOptions, Graph } from '@datafree/plugin';
import { expect, it } from 'vitest';
import { relu } from '../ops/activation/relu.ts';
import { GraphBuilder } from './builder.ts';
import { requireCompilable } from './compilable.ts';

function graph(): Graph {
  const b = new GraphBuilder();
  b.output(relu(b, b.input('x', 'float32', [2])), 'y');
  return b.build();
}

it('lets be what can be compiled', () => {
  expect(() => requireCompilable(graph())).not.toThrow();
  expect(() => requireCompilable(graph(), { threads: 2, carried: new Map([['x', 'y']]) })).not.toThrow();
});

it.each([undefined, null, {}, { graph: graph() }])('refuses what is no graph: %s', (given) => {
  expect(() => requireCompilable(given as unknown as Graph)).toThrowError(
    expect.objectContaining({ code: 'model-invalid', hint: expect.stringContaining('build()') }),
  );
});

it('refuses a graph that gives nothing', () => {
  const b = new GraphBuilder();
  b.input('x', 'float32', [2]);
  expect(() => requireCompilable(b.build())).toThrowError(expect.objectContaining({ code: 'model-invalid' }));
});

it.each([
  ['threads', { threads: 0 }],
  ['threads', { threads: 1.5 }],
  ['carried', { carried: { x: 'y' } }],
  ['carried', { carried: new Map([['z', 'y']]) }],
  ['carried', { carried: new Map([['x', 'z']]) }],
  [
    'carried',
    {
      carried: new Map([
        ['x', 'y'],
        ['w', 'y'],
      ]),
    },
  ],
])('refuses %s that there are not: %j', (path, options) => {
  expect(() => requireCompilable(graph(), options as unknown as CompileOptions)).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path, hint: expect.any(String) }),
  );
});
