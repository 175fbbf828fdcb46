/** A statistic of a sample, freed of its bias, and how far off it may be. */
export interface Estimate {
  readonly value: number;
  /** Half the width of the 95 % confidence interval. */
  readonly spread: number;
}

/**
 * The delete-a-group jackknife for groups of unequal sizes (Busing, Meijer and van der Leeden, 1999). With `θ` the
 * statistic of all `n` samples, `θ₋ⱼ` that without the `mⱼ` samples of group j, of `g` groups, and `hⱼ = n / mⱼ`:
 *
 * - estimate `E = g θ − Σⱼ (1 − mⱼ/n) θ₋ⱼ`, without the part of the bias that falls as 1/n;
 * - variance `V = 1/g Σⱼ (hⱼ θ − (hⱼ − 1) θ₋ⱼ − E)² / (hⱼ − 1)`;
 * - spread `t √V`, with t the 97.5 % quantile of Student's distribution with g − 1 degrees of freedom.
 *
 * @param whole `θ`
 * @param without `θ₋ⱼ`, two or more
 * @param sizes `mⱼ`
 */
export function jackknife(whole: number, without: ArrayLike<number>, sizes: ArrayLike<number>): Estimate {
  const groups = without.length;
  let total = 0;
  for (let j = 0; j < groups; j++) total += sizes[j] as number;
  let value = groups * whole;
  for (let j = 0; j < groups; j++) value -= (1 - (sizes[j] as number) / total) * (without[j] as number);
  let variance = 0;
  for (let j = 0; j < groups; j++) {
    const h = total / (sizes[j] as number);
    const pseudo = h * whole - (h - 1) * (without[j] as number);
    variance += (pseudo - value) ** 2 / (h - 1) / groups;
  }
  return { value, spread: studentQuantile(groups - 1) * Math.sqrt(variance) };
}

/** 97.5 % quantile of Student's distribution, by its expansion in 1/ν (Abramowitz and Stegun, 26.7.5). */
function studentQuantile(freedom: number): number {
  const z = 1.959963984540054;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, power) => sum + term / freedom ** power, 0);
}
