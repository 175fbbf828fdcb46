import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * Seeded random numbers (xoroshiro128+). Two generators of the same seed give the same numbers; {@link fork} gives
 * independent ones, so that one consumer's draws do not shift another's.
 */
export class Random {
  readonly seed: number;
  readonly #generator: RandomGenerator;

  /** @param seed a whole number; only its low 32 bits count */
  constructor(seed: number) {
    this.seed = seed | 0;
    this.#generator = xoroshiro128plus(mix(this.seed));
  }

  /** A generator that depends on this one's seed and the labels alone, not on what was drawn. */
  fork(...labels: readonly (string | number)[]): Random {
    let seed = this.seed;
    for (const label of labels) seed = mix(seed ^ hash(String(label)));
    return new Random(seed);
  }

  /** A number in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFloat64(this.#generator);
  }

  /** A whole number from 0 to `limit` − 1. */
  integer(limit: number): number {
    return uniformInt(this.#generator, 0, limit - 1);
  }

  /** `count` draws of the uniform distribution on [low, high). */
  uniforms(count: number, low = 0, high = 1): Float32Array {
    return Float32Array.from({ length: count }, () => this.uniform(low, high));
  }

  /** `count` draws of the normal distribution (Box and Muller's transform, both values used). */
  normals(count: number, mean = 0, deviation = 1): Float32Array {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniformFloat64(this.#generator)));
      const angle = 2 * Math.PI * uniformFloat64(this.#generator);
      values[i] = mean + radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = mean + radius * Math.sin(angle);
    }
    return values;
  }

  /** 0 … `count` − 1 in random order (Fisher and Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const k = this.integer(i + 1);
      const kept = order[i] as number;
      order[i] = order[k] as number;
      order[k] = kept;
    }
    return order;
  }
}

/** The finaliser of MurmurHash3: spreads every input bit over all 32. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}
