import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { checkNames, parseOptions } from './schema.ts';

describe('parseOptions', () => {
  const inner = v.strictObject({ weights: v.optional(v.number()), activations: v.optional(v.number()) });
  const schema = v.strictObject({
    iterations: v.optional(v.number(), 3),
    ends: v.optional(inner),
  });

  it('fills in defaults', () => {
    expect(parseOptions('x', schema, undefined)).toEqual({ iterations: 3 });
  });

  it.each([
    [{ iteration: 4 }, 'iteration', 'x: iteration: there is no such option; there are iterations, ends'],
    [{ ends: { w: 4 } }, 'ends.w', 'x: ends.w: there is no such option; there are weights, activations'],
  ])('lists the names in place of an unknown one: %j', (options, path, message) => {
    expect(() => parseOptions('x', schema, options as never)).toThrowError(
      expect.objectContaining({ code: 'option-invalid', path, message }),
    );
  });

  it('leaves other messages as they are', () => {
    expect(() => parseOptions('x', schema, { iterations: 'few' } as never)).toThrow(/iterations: .*number.*"few"/);
  });
});

describe('checkNames', () => {
  it('refuses what is no object, and says what it is', () => {
    const refusal = (value: unknown) => expect(() => checkNames('compress', value, ['model', 'seed']));
    refusal(undefined).toThrow('compress: nothing was given where an object of options is needed.');
    refusal(null).toThrow('compress: null was given');
    refusal([]).toThrow('compress: an Array was given');
    refusal(Uint8Array.of(1)).toThrow('compress: a Uint8Array was given');
    refusal('x.onnx').toThrowError(expect.objectContaining({ code: 'option-invalid', path: '(options)' }));
  });

  it('refuses unknown names, and lists the known ones', () => {
    checkNames('compress', { seed: 1 }, ['model', 'seed']);
    expect(() => checkNames('compress', { sede: 1 }, ['model', 'seed'])).toThrowError(
      expect.objectContaining({
        code: 'option-invalid',
        path: 'sede',
        message: 'compress: sede: there is no such option; there are model, seed',
      }),
    );
  });
});
