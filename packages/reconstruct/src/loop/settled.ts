import { tensorOf } from '@datafree/core';
import { type Checkpoint, DatafreeError, type Graph, type Tensor } from '@datafree/plugin';
import {
  decodedBias,
  decodedWeight,
  exportStudent,
  packStates,
  type Quantisers,
  stateOf,
  unpackStates,
  withoutTies,
} from '@datafree/student';
import type { Learners } from '../blocks/learners.ts';

/** Where finished blocks are kept in a checkpoint. */
const key = 'reconstruction';
const countState = 'blocks';

/** What the finished blocks have learned, and the quantised network with it. */
export class Settled {
  readonly #quantised: Graph;
  readonly #found: Quantisers;
  readonly #learners: readonly Learners[];
  /** As they were; they are stored in steps that learn. */
  readonly #biases: ReadonlyMap<string, Tensor>;
  readonly #blocks: ReadonlyMap<string, Tensor>[] = [];

  /** @param quantised the network before the first block, with what is quantised in it and what learns in each block */
  constructor(quantised: Graph, found: Quantisers, learners: readonly Learners[]) {
    this.#quantised = quantised;
    this.#found = found;
    this.#learners = learners;
    const stored = found.biases.map(({ name, quantised: codes }) => {
      const value = codes === undefined ? quantised.initializers.get(name) : decodedBias(quantised, codes);
      return [stateOf.bias(name), value as Tensor] as const;
    });
    this.#biases = new Map(stored);
  }

  /** The quantised network with what was learned. @param more states of a block that is not added yet */
  graph(more: ReadonlyMap<string, Tensor> = new Map()): Graph {
    const states = new Map([...this.#biases, ...this.#blocks.flatMap((own) => [...own]), ...more]);
    return withoutTies(exportStudent(this.#quantised, states, { found: this.#found }), this.#found);
  }

  /** The quantised network with what the first `count` blocks learned. */
  graphAfter(count: number): Graph {
    const earlier = new Settled(this.#quantised, this.#found, this.#learners);
    for (const own of this.#blocks.slice(0, count)) earlier.add(own);
    return earlier.graph();
  }

  /** Adds the states of the next block. */
  add(states: ReadonlyMap<string, Tensor>): void {
    this.#blocks.push(states);
  }

  /** The states of a block that learns nothing. */
  unchanged({ weights, scales, biases }: Learners): ReadonlyMap<string, Tensor> {
    const { initializers } = this.#quantised;
    return new Map([
      ...weights.map((weight) => [stateOf.weight(weight.codes), decodedWeight(this.#quantised, weight)] as const),
      ...[...weights.map(({ scale }) => scale), ...scales].map((scale) => {
        const { dims } = initializers.get(scale) as Tensor;
        return [stateOf.step(scale), tensorOf('float32', dims, [])] as const;
      }),
      ...[...biases.keys()].map(
        (name) => [stateOf.bias(name), this.#biases.get(stateOf.bias(name)) as Tensor] as const,
      ),
    ]);
  }

  /** Writes the finished blocks to a checkpoint. */
  async keep(checkpoint: Checkpoint | undefined): Promise<void> {
    const states = this.#blocks.flatMap((own, i) =>
      [...this.unchanged(this.#learners[i] as Learners).keys()].map(
        (name) => [`${i}/${name}`, own.get(name) as Tensor] as const,
      ),
    );
    await checkpoint?.write(key, packStates(new Map([[countState, counter(this.#blocks.length)], ...states])));
  }

  /**
   * Takes up the finished blocks of an interrupted run.
   *
   * @returns how many there are
   * @throws `resume-mismatch`
   */
  async restore(checkpoint: Checkpoint | undefined): Promise<number> {
    const bytes = await checkpoint?.read(key);
    if (bytes === undefined) return 0;
    const [count = 0] = new Float32Array(bytes.slice(0, 4).buffer);
    if (!(Number.isInteger(count) && count > 0 && count <= this.#learners.length)) {
      throw new DatafreeError(
        'resume-mismatch',
        `The checkpoint tells of ${count} blocks of ${this.#learners.length}.`,
        {
          hint: 'Remove the run directory, or take another.',
        },
      );
    }
    const blocks = this.#learners.slice(0, count).map((own) => this.unchanged(own));
    const like = blocks.flatMap((own, i) => [...own].map(([name, tensor]) => [`${i}/${name}`, tensor] as const));
    const states = unpackStates(bytes, new Map([[countState, counter(count)], ...like]));
    for (const [i, own] of blocks.entries()) {
      this.add(new Map([...own.keys()].map((name) => [name, states.get(`${i}/${name}`) as Tensor])));
    }
    return count;
  }
}

function counter(value: number): Tensor<'float32'> {
  return tensorOf('float32', [1], [value]);
}
