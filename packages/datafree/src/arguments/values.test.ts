import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  assembled,
  assignment,
  besides,
  bits,
  interval,
  number,
  numbers,
  oneOf,
  repeated,
  shape,
  whole,
} from './values.ts';

const refusal = { code: 'option-invalid', path: 'x', message: expect.stringContaining('--x') };

test('whole numbers within a range', () => {
  expect(whole('x', 0)('12')).toBe(12);
  for (const text of ['', '-1', '1.5', '1e3', 'ten', ' 3', '11']) {
    expect(() => whole('x', 0, 10)(text), text).toThrowError(expect.objectContaining(refusal));
  }
});

test('numbers, and lists of them', () => {
  expect(number('x')('99.99')).toBe(99.99);
  expect(numbers('x')('0.485,0.456,0.406')).toEqual([0.485, 0.456, 0.406]);
  expect(numbers('x', 2)('-1,1')).toEqual([-1, 1]);
  for (const text of ['', '1,', '1,2,3', 'a,b', 'Infinity,1']) {
    expect(() => numbers('x', 2)(text), text).toThrowError(expect.objectContaining(refusal));
  }
  for (const text of ['', ' ', 'NaN', '%'])
    expect(() => number('x')(text)).toThrowError(expect.objectContaining(refusal));
  expect(() => number('x', 1)('20%')).toThrowError(expect.objectContaining({ ...refusal, hint: 'Give 0.2 for 20%.' }));
  expect(() => number('x')('99%')).toThrowError(expect.objectContaining({ ...refusal, hint: 'Give 99 for 99%.' }));
});

test('intervals go from the lower to the higher number', () => {
  expect(interval('x')('-1,1')).toEqual([-1, 1]);
  for (const text of ['1,0', '1,1']) {
    expect(() => interval('x')(text)).toThrowError(
      expect.objectContaining({ ...refusal, message: `--x: "${text}" is not low,high with low < high.` }),
    );
  }
  expect(() => interval('x')('1')).toThrowError(expect.objectContaining(refusal));
});

test('bits', () => {
  expect(bits('x')('16')).toBe(16);
  for (const text of ['3.5', '0', 'eight']) {
    expect(() => bits('x')(text)).toThrowError(
      expect.objectContaining({
        ...refusal,
        message: `--x: "${text}" is not a whole number of bits; the built-in quantizer takes 2 to 8.`,
      }),
    );
  }
});

test('shapes', () => {
  expect(shape('x')('32,32,3')).toEqual([32, 32, 3]);
  expect(shape('x')('49x10x1')).toEqual([49, 10, 1]);
  for (const text of ['', '3,0', '3,-1', '3,a']) {
    expect(() => shape('x')(text), text).toThrowError(expect.objectContaining(refusal));
  }
});

test('words of a list', () => {
  expect(oneOf('x', ['a', 'b'])('b')).toBe('b');
  expect(() => oneOf('x', ['a', 'b'])('c')).toThrowError(expect.objectContaining(refusal));
});

test('repeated options are collected in order', () => {
  const parse = repeated(Number);
  expect(parse('2', parse('1', undefined))).toEqual([1, 2]);
});

test('an option is given by its flag or by name', () => {
  const weights = assignment('x')('weights=3');
  expect(besides({ weights: undefined, activations: 4 }, [weights], 'quantizer')).toEqual({ weights: 3 });
  expect(() => besides({ weights: 4 }, [weights], 'quantizer')).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path: 'weights' }),
  );
});

test('options of a plugin', () => {
  const parse = assignment('x');
  const texts = ['iterations=200', 'name=some text', 'a.b=true', 'a.c=[1,2]', 'empty=', 'text="5"', 'equation=a=b'];
  expect(assembled(texts.map(parse))).toEqual({
    iterations: 200,
    name: 'some text',
    a: { b: true, c: [1, 2] },
    empty: '',
    text: '5',
    equation: 'a=b',
  });
  const hint = 'Write --x name=value.';
  for (const text of ['', '=5', 'a..b=1', '__proto__.x=1']) {
    expect(() => parse(text), text).toThrowError(expect.objectContaining({ ...refusal, hint }));
  }
  expect(() => parse('pad')).toThrowError(expect.objectContaining({ ...refusal, hint: 'Write --x pad=value.' }));
  // What a shell leaves of list=["a"].
  const quotes = `Keep its quotes from the shell: --x 'list=["one","two"]'.`;
  expect(() => parse('list=[a]')).toThrowError(expect.objectContaining({ ...refusal, hint: quotes }));
});

test('assignments never reach beyond the object they build', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, value) => {
      try {
        assembled([assignment('x')(`${name}=${value}`)]);
      } catch (error) {
        expect(error).toMatchObject(refusal);
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
  );
});
