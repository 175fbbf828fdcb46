import { attribute, concat, type GraphBuilder, pad, reshape, slice, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { blockedDomain, roundUp } from './operators.ts';

/** Writes a node on blocks, or returns undefined where it stays as it is. */
export type Lowering = (layout: Layout, node: Node, inputs: readonly (Value | undefined)[]) => Value[] | undefined;

/** A blocked Conv as it was written, to write it again with more in it. */
export interface WrittenConv {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Node['attributes'];
  /** Samples that it takes side by side, with the channels of all of them in its results. */
  readonly fold: number;
  /** Samples side by side in what is read of it, where that is another number: the same bytes in whole blocks. */
  readonly readFold?: number;
}

/**
 * The two forms of the values of a graph that is rewritten: plain `[N, C, H, W]`, and blocked, where the channels
 * stand in blocks `[N, C / block, H, W, block]` under the shape `[N, C', H, W]` with C' filled up to whole blocks.
 * Channels that a block holds two or more times over are not filled up: as many samples share a block, as if they were
 * `[N / fold, fold · C, H, W]`, which is the same bytes in the plain form.
 *
 * Every value has a plain form; where it was computed in blocks it is a ReorderOutput that goes away when nobody
 * reads it.
 */
export class Layout {
  readonly #blocked = new Map<string, Value>();
  readonly #convs = new Map<string, WrittenConv>();
  readonly #products = new Map<string, readonly [Value, Value]>();
  readonly #magnitudes = new Map<string, Value>();
  readonly #vectors = new Map<string, Value>();
  readonly #bounds = new Map<string, number>();
  readonly #readers = new Map<string, number>();

  readonly builder: GraphBuilder;
  /** Channels in a block. */
  readonly block: number;

  constructor(builder: GraphBuilder, block: number) {
    this.builder = builder;
    this.block = block;
  }

  /** The blocked form of a value that was computed in blocks. */
  blockedFormOf(value: Value): Value | undefined {
    return this.#blocked.get(value.name);
  }

  /** Samples that share a block in the blocked form of a value of this shape. */
  foldOf([samples, channels]: readonly number[]): number {
    const fold = this.block / channels!;
    return Number.isInteger(fold) && samples! % fold === 0 ? fold : 1;
  }

  /** Whether values of this shape fill whole blocks, so that samples can be told apart by blocks or shares of them. */
  fillsBlocks(shape: readonly number[]): boolean {
    return (this.foldOf(shape) * shape[1]!) % this.block === 0;
  }

  /** Whether the value is in blocks, or can be brought into them. */
  canBlock(value: Value): boolean {
    const { dtype, name, shape } = value;
    if (this.#blocked.has(name)) return true;
    // ReorderInput moves channels by four.
    return dtype === 'float32' && shape.length === 4 && (this.foldOf(shape) * shape[1]!) % 4 === 0;
  }

  /** The blocked form; a ReorderInput where the value was computed plainly. */
  toBlocked(value: Value): Value {
    const known = this.#blocked.get(value.name);
    if (known !== undefined) return known;
    const blocked = this.reorderInput(value, this.foldOf(value.shape));
    this.#blocked.set(value.name, blocked);
    return blocked;
  }

  /** A plain value in blocks that `fold` samples share. */
  reorderInput(value: Value, fold: number): Value {
    return this.builder.op('ReorderInput', [this.sideBySide(value, fold)], {}, blockedDomain);
  }

  /** A blocked value whose whole blocks `fold` samples share, as if `wanted` did. */
  regrouped(blocked: Value, fold: number, wanted: number): Value {
    const [rows, channels, ...places] = blocked.shape as [number, number, ...number[]];
    return reshape(this.builder, blocked, [(rows * fold) / wanted, (channels * wanted) / fold, ...places]);
  }

  /** A plain value with the channels of `fold` samples side by side: the same bytes. */
  sideBySide(value: Value, fold: number): Value {
    const [samples, channels, ...places] = value.shape as [number, number, ...number[]];
    return reshape(this.builder, value, [samples / fold, fold * channels, ...places]);
  }

  /** Gives a value computed in blocks its plain form of `samples` times `channels`. */
  toPlain(blocked: Value, [samples, channels]: readonly number[]): Value {
    const [rows, , ...places] = blocked.shape as [number, number, ...number[]];
    const fold = samples! / rows;
    const settings = { channels: attribute.int(fold * channels!) };
    const ordered = this.builder.op('ReorderOutput', [blocked], settings, blockedDomain);
    const plain = reshape(this.builder, ordered, [samples!, channels!, ...places]);
    if (this.foldOf(plain.shape) === fold) this.#blocked.set(plain.name, blocked);
    return plain;
  }

  /** Writes a Conv on blocks. */
  conv(written: WrittenConv): Value {
    const result = this.builder.op('Conv', written.inputs, written.attributes, blockedDomain);
    const y = this.regrouped(result, written.fold, written.readFold ?? written.fold);
    this.#convs.set(y.name, written);
    return y;
  }

  /** The product of two blocked values. */
  product(left: Value, right: Value): Value {
    const y = this.builder.op('Mul', [left, right]);
    this.#products.set(y.name, [left, right]);
    return y;
  }

  /** The factors of a blocked value that was written as a product. */
  factorsOf(blocked: Value): readonly [Value, Value] | undefined {
    return this.#products.get(blocked.name);
  }

  /** The absolute values of a blocked value. */
  magnitude(x: Value): Value {
    const y = this.builder.op('Abs', [x]);
    this.#magnitudes.set(y.name, x);
    return y;
  }

  /** What a blocked value was written as the absolute values of. */
  magnitudeOf(blocked: Value): Value | undefined {
    return this.#magnitudes.get(blocked.name);
  }

  /** The Conv that wrote a blocked value, if it was one. */
  convOf(blocked: Value): WrittenConv | undefined {
    return this.#convs.get(blocked.name);
  }

  /** Notes that `value` [1, C, 1, 1] is `vector` [C]. */
  setVector(value: Value, vector: Value): void {
    this.#vectors.set(value.name, vector);
  }

  /** The vector [C] that a value [1, C, 1, 1] was made from. */
  vectorOf(value: Value): Value | undefined {
    return this.#vectors.get(value.name);
  }

  /** Notes that no element of a plain value is larger than `bound`, nor smaller than its negative. */
  setBound(value: Value, bound: number): void {
    this.#bounds.set(value.name, bound);
  }

  /** What no element of a value exceeds, where that is known. */
  boundOf(value: Value): number | undefined {
    return this.#bounds.get(value.name);
  }

  /** Notes how many read a plain value, and so its blocked form. */
  countReaders(plain: Value, count: number): void {
    const blocked = this.#blocked.get(plain.name);
    if (blocked !== undefined) this.#readers.set(blocked.name, (this.#readers.get(blocked.name) ?? 0) + count);
  }

  /** Whether more than one reads a blocked value. */
  isShared(blocked: Value): boolean {
    return (this.#readers.get(blocked.name) ?? 0) > 1;
  }

  /** `[N · C' / block, H · W, block]`: the places of one block as rows of channels. */
  rows(blocked: Value): Value {
    const [samples, channels, height, width] = blocked.shape as [number, number, number, number];
    return reshape(this.builder, blocked, [(samples * channels) / this.block, height * width, this.block]);
  }

  /** One value a channel `[C]`, once for each of `fold` samples and filled up with zeros to whole blocks. */
  channels(values: Value, fold: number): Value {
    const all = concat(this.builder, new Array<Value>(fold).fill(values), 0);
    const size = all.shape[0]!;
    return pad(this.builder, all, [0, roundUp(size, this.block) - size]);
  }

  /** The first `size` of the channels of `[N, C']`. */
  firstChannels(values: Value, size: number): Value {
    return values.shape[1] === size ? values : slice(this.builder, values, { axes: [1], starts: [0], ends: [size] });
  }
}
