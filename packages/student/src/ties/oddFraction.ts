/**
 * A fraction p / q near a positive number, q being odd: the nearest that the Stern–Brocot tree passes on its way to the
 * number, of denominators up to `largest`. Where that is too small for the number, one over an odd number.
 *
 * @returns the fraction as a number, 2 / `largest` of it away from the number at most, and mostly much nearer
 */
export function oddFraction(value: number, largest: number): number {
  if (value * largest < 1) return 1 / (2 * Math.floor(1 / value / 2) + 1);
  const whole = Math.floor(value);
  let [below, above] = [
    { p: whole, q: 1 },
    { p: whole + 1, q: 1 },
  ];
  let nearest = Math.round(value);
  for (;;) {
    const middle = { p: below.p + above.p, q: below.q + above.q };
    const fraction = middle.p / middle.q;
    if (middle.q > largest) return nearest;
    if (middle.q % 2 === 1 && Math.abs(fraction - value) < Math.abs(nearest - value)) nearest = fraction;
    if (fraction < value) below = middle;
    else above = middle;
  }
}
