import { tensorOf } from '@datafree/core';
import type { Attributes, DType, Tensor } from '@datafree/plugin';

/** An input of a case: seeded values of a range, or a given content. */
export type CaseInput =
  | {
      readonly kind: 'seeded';
      readonly dtype: DType;
      readonly shape: readonly number[];
      readonly low: number;
      readonly high: number;
      /** A constant of the graph instead of an input. */
      readonly constant: boolean;
    }
  | { readonly kind: 'given'; readonly tensor: Tensor };

/** One application of an operator that a runtime is checked on. Cases are data: a new one is a new row. */
export interface OperatorCase {
  readonly op: string;
  /** `''` when absent. */
  readonly domain?: string;
  /** What is special about it: "stride 2, asymmetric padding". */
  readonly title: string;
  readonly inputs: readonly (CaseInput | undefined)[];
  readonly attributes?: Attributes;
  /** Number of outputs; 1 when absent. */
  readonly outputs?: number;
  /** False where the operator has a gradient but this case is about its values only. */
  readonly gradient?: boolean;
  /** Outputs that the differentiated sum is made of; all floating-point ones when absent. */
  readonly through?: readonly number[];
}

/** A float32 input, uniform on [low, high). */
export const real = (shape: readonly number[], low = -2, high = 2): CaseInput => ({
  kind: 'seeded',
  dtype: 'float32',
  shape,
  low,
  high,
  constant: false,
});

/** A float32 constant, uniform on [low, high): a weight. */
export const weight = (shape: readonly number[], low = -1, high = 1): CaseInput => ({
  kind: 'seeded',
  dtype: 'float32',
  shape,
  low,
  high,
  constant: true,
});

/** An input of whole numbers, `low` to `high` − 1. */
export const whole = (dtype: DType, shape: readonly number[], low: number, high: number): CaseInput => ({
  kind: 'seeded',
  dtype,
  shape,
  low,
  high,
  constant: false,
});

/** A bool input. */
export const flags = (shape: readonly number[]): CaseInput => whole('bool', shape, 0, 2);

/** A constant of given values. */
export const given = (dtype: DType, shape: readonly number[], values: readonly number[]): CaseInput => ({
  kind: 'given',
  tensor: tensorOf(dtype, shape, values),
});

/** A constant int64 vector: a shape, axes, pads. */
export const int64 = (...values: number[]): CaseInput => given('int64', [values.length], values);

/** A constant float32 scalar. */
export const scalar = (value: number): CaseInput => given('float32', [], [value]);
