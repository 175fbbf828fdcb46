import fc from 'fast-check';

/** Shapes of a rank from `minRank` to `maxRank`, their sizes from 1 to `maxSize`. */
export function shapes(minRank = 0, maxRank = 4, maxSize = 4): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank });
}

/** A number of shapes that broadcast: some of their axes are 1, some of their leading axes are missing. */
export function broadcastShapes(count: number): fc.Arbitrary<number[][]> {
  const mask = fc.record({ ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), drop: fc.nat(4) });
  return fc
    .tuple(shapes(0, 4, 3), fc.array(mask, { minLength: count, maxLength: count }))
    .map(([shape, masks]) =>
      masks.map(({ ones, drop }) => shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(drop)),
    );
}

/** A shape of rank at least 1, and one of its axes, counted from the front or from the back. */
export function shapesWithAxis(maxRank = 4, maxSize = 4): fc.Arbitrary<{ shape: number[]; axis: number }> {
  return shapes(1, maxRank, maxSize).chain((shape) =>
    fc.integer({ min: -shape.length, max: shape.length - 1 }).map((axis) => ({ shape, axis })),
  );
}

/** Seeds of random numbers. */
export const seeds: fc.Arbitrary<number> = fc.integer({ min: 1, max: 1_000_000 });
