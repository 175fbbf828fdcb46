import { describe, expect, it } from 'vitest';
import { elementTypeCodes, elementTypeOf } from './elementType.ts';

describe('elementTypeOf', () => {
  it('reads back every code', () => {
    for (const [dtype, code] of Object.entries(elementTypeCodes)) expect(elementTypeOf(code)).toBe(dtype);
  });

  it('refuses a type without counterpart', () => {
    expect(() => elementTypeOf(14)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
