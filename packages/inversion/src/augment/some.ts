import type { Augmentation } from './view.ts';

/** Applies none up to `most` of the augmentations, in random order; every number is equally likely. */
export function someOf(augmentations: readonly Augmentation[], most = augmentations.length): Augmentation {
  return {
    name: `someOf(${augmentations.map((augmentation) => augmentation.name).join(', ')})`,
    blanks: augmentations.some((augmentation) => augmentation.blanks),
    jitters: augmentations.some((augmentation) => augmentation.jitters === true),
    pads: augmentations.some((augmentation) => augmentation.pads === true),
    resamples: (rank) => [...new Set(augmentations.flatMap((augmentation) => augmentation.resamples(rank)))],
    draw(view, size, random) {
      const order = random.permutation(augmentations.length).subarray(0, random.integer(most + 1));
      return order.reduce((seen, index) => (augmentations[index] as Augmentation).draw(seen, size, random), view);
    },
  };
}
