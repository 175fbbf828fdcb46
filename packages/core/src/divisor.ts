/** The greatest common divisor of two whole numbers from 0; the other where one is 0 (Euclid). */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
