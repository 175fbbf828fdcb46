import { attribute, type GraphBuilder, pad, reshape, slice, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { blockedDomain, roundUp } from './operators.ts';

/** Writes a node on blocks, or returns undefined where it stays as it is. */
export type Lowering = (layout: Layout, node: Node, inputs: readonly (Value | undefined)[]) => Value[] | undefined;

/** A blocked Conv as it was written, to write it again with more in it. */
export interface WrittenConv {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Node['attributes'];
}

/**
 * The two forms of the values of a graph that is rewritten: plain `[N, C, H, W]`, and blocked, where the channels
 * stand in blocks `[N, C / block, H, W, block]` under the shape `[N, C', H, W]` with C' filled up to whole blocks.
 *
 * Every value has a plain form; where it was computed in blocks it is a ReorderOutput that goes away when nobody
 * reads it.
 */
export class Layout {
  readonly #blocked = new Map<string, Value>();
  readonly #convs = new Map<string, WrittenConv>();
  readonly #products = new Map<string, readonly [Value, Value]>();
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

  /** Whether the value is in blocks, or can be brought into them. */
  canBlock(value: Value): boolean {
    const { dtype, name, shape } = value;
    // ReorderInput moves channels by four.
    return this.#blocked.has(name) || (dtype === 'float32' && shape.length === 4 && shape[1]! % 4 === 0);
  }

  /** The blocked form; a ReorderInput where the value was computed plainly. */
  toBlocked(value: Value): Value {
    const known = this.#blocked.get(value.name);
    if (known !== undefined) return known;
    const blocked = this.builder.op('ReorderInput', [value], {}, blockedDomain);
    this.#blocked.set(value.name, blocked);
    return blocked;
  }

  /** Gives a value computed in blocks its plain form of `channels` channels. */
  toPlain(blocked: Value, channels: number): Value {
    const plain = this.builder.op('ReorderOutput', [blocked], { channels: attribute.int(channels) }, blockedDomain);
    this.#blocked.set(plain.name, blocked);
    return plain;
  }

  /** Writes a Conv on blocks. */
  conv(inputs: readonly (Value | undefined)[], attributes: Node['attributes']): Value {
    const y = this.builder.op('Conv', inputs, attributes, blockedDomain);
    this.#convs.set(y.name, { inputs, attributes });
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

  /** One value a channel `[C]`, filled up with zeros to whole blocks. */
  channels(values: Value): Value {
    const size = values.shape[0]!;
    const missing = roundUp(size, this.block) - size;
    return missing === 0 ? values : pad(this.builder, values, [0, missing]);
  }

  /** The first `size` of the channels of `[N, C']`. */
  firstChannels(values: Value, size: number): Value {
    return values.shape[1] === size ? values : slice(this.builder, values, { axes: [1], starts: [0], ends: [size] });
  }
}
