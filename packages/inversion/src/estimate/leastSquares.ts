/**
 * Minimises `Σ_r w_r (Σ_k A_rk x_k − y_r)² + ridge · Σ_k (x_k − prior_k)²` by Gaussian elimination of the normal
 * equations. For a handful of unknowns.
 *
 * @param rows the rows of A
 */
export function leastSquares(
  rows: readonly ArrayLike<number>[],
  y: ArrayLike<number>,
  weights: ArrayLike<number>,
  prior: readonly number[],
  ridge: number,
): number[] {
  const size = prior.length;
  const normal = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size + 1 }, (_, j) =>
      j === size ? ridge * (prior[i] as number) : i === j ? ridge : 0,
    ),
  );
  rows.forEach((row, r) => {
    for (let i = 0; i < size; i++) {
      const line = normal[i] as Float64Array;
      const factor = (weights[r] as number) * (row[i] as number);
      for (let j = 0; j < size; j++) line[j] = (line[j] as number) + factor * (row[j] as number);
      line[size] = (line[size] as number) + factor * (y[r] as number);
    }
  });
  return solve(normal);
}

/** Solves a system given as rows with the right side at their end; the matrix is positive definite. */
function solve(rows: Float64Array[]): number[] {
  const size = rows.length;
  for (let pivot = 0; pivot < size; pivot++) {
    const line = rows[pivot] as Float64Array;
    for (let below = pivot + 1; below < size; below++) {
      const other = rows[below] as Float64Array;
      const factor = (other[pivot] as number) / (line[pivot] as number);
      for (let j = pivot; j <= size; j++) other[j] = (other[j] as number) - factor * (line[j] as number);
    }
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    const line = rows[i] as Float64Array;
    let rest = line[size] as number;
    for (let j = i + 1; j < size; j++) rest -= (line[j] as number) * (x[j] as number);
    x[i] = rest / (line[i] as number);
  }
  return x;
}

/**
 * {@link leastSquares} with all `x_k ≥ 0`, by coordinate descent (the objective is convex).
 *
 * @param sweeps passes over the unknowns
 */
export function nonNegativeLeastSquares(
  rows: readonly ArrayLike<number>[],
  y: ArrayLike<number>,
  weights: ArrayLike<number>,
  prior: readonly number[],
  ridge: number,
  sweeps = 500,
): number[] {
  const x = [...prior];
  const residual = rows.map((row, r) =>
    x.reduce((sum, value, k) => sum + value * (row[k] as number), -(y[r] as number)),
  );
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let k = 0; k < x.length; k++) {
      let slope = ridge * ((x[k] as number) - (prior[k] as number));
      let curvature = ridge;
      rows.forEach((row, r) => {
        const entry = row[k] as number;
        slope += (weights[r] as number) * entry * (residual[r] as number);
        curvature += (weights[r] as number) * entry * entry;
      });
      if (curvature === 0) continue;
      const next = Math.max(0, (x[k] as number) - slope / curvature);
      const moved = next - (x[k] as number);
      if (moved === 0) continue;
      x[k] = next;
      rows.forEach((row, r) => {
        residual[r] = (residual[r] as number) + moved * (row[k] as number);
      });
    }
  }
  return x;
}
