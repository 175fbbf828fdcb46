// The cells of the low-bit measurement: one network, one number of bits, one source of samples, one way to learn.

/** The whole recipe: how many samples, and how many steps each block is reconstructed in. */
const recipe = { samples: 512, reconstruct: 500, distil: 0 };

/** A third of its steps, for what is compared. */
const third = { ...recipe, reconstruct: 167 };

const w4a4 = { network: 'resnet20_cifar10', weights: 4, activations: 4 };
const w3a3 = { network: 'resnet20_cifar10', weights: 3, activations: 3 };
const w2a4 = { network: 'resnet44_cifar10', weights: 2, activations: 4, firstLast: 4 };
/** So many samples are drawn but three times in 500 steps of 32. */
const many = { ...w2a4, samples: 5000, reconstruct: 1000 };
/** Small images are trained on with dark margins, and the statistics are of images with them. */
const margins = { variant: 'pad', synthesis: { augmentations: ['pad'] } };
const keywords = { network: 'dscnn_kws_mlperftiny', weights: 4, activations: 4 };
const mobilenet = { network: 'mobilenetv1_025_224_imagenet', activations: 8, samples: 128 };

/** Four times as many samples in a third of the steps take as long. */
const solved = { ...mobilenet, weights: 4, samples: 512, reconstruct: 167 };

const cell = (group, own) => ({ group, method: 'bns', seed: 1, ...recipe, ...own });

/** What is wanted. */
const row = (own) => cell('rows', own);
const seeds = (seed) => [row({ ...w4a4, seed }), row({ ...w3a3, seed })];

/** The methods that make samples, against each other. */
const methods = ['bns', 'real', 'gaussian', 'inception', 'bns+inception'].map((method) =>
  cell('methods', { ...w4a4, ...third, method }),
);

/** Ways to learn, against each other. */
const learners = [
  { reconstruct: 0, distil: 500 },
  { reconstruct: 500, distil: 500 },
].map((steps) => cell('learners', { ...w3a3, ...steps }));

/** What synthesis and distillation can be told besides, against the first of the methods and of the learners. */
const variants = [
  ...['diversity', 'balance'].map((term) =>
    cell('variants', { ...w4a4, ...third, variant: `${term} 1`, synthesis: { [term]: 1 } }),
  ),
  ...[
    { variant: 'BatchNormalization follows', distillation: { batchNorm: 'following' } },
    { variant: 'jitter', distillation: { augmentations: ['flip', 'shift', 'jitter'] } },
    // A quarter of its steps on an eighth of its batch: the whole preset takes some ten hours on two cores.
    { variant: 'paper, batches of 64', distil: 4000, distillation: { preset: 'paper', batch: 64 } },
  ].map((own) => cell('variants', { ...w3a3, reconstruct: 0, distil: 500, ...own })),
];

/** Bits by layer under a budget of the file's size, beside the same number of bits for each layer. */
const mixed = [3, 4].flatMap((bits) =>
  [undefined, bits / 32].map((budget) =>
    cell('mixed', { ...w4a4, ...third, weights: bits, activations: 8, ...(budget && { budget }) }),
  ),
);

/** How accuracy grows with the number of samples, of which there are ten classes. */
const sizes = [1, 5, 20, 100, 500].flatMap((each) =>
  ['bns', 'real'].map((method) => cell('sizes', { ...w4a4, ...third, samples: 10 * each, method })),
);

/** In the order that they are measured in. */
export const cells = [
  ...seeds(1),
  row(w2a4),
  row({ ...w2a4, method: 'real' }),
  row(solved),
  row({ ...mobilenet, weights: 4 }),
  row(keywords),
  row({ ...keywords, reconstruct: 0, distil: 500 }),
  ...seeds(2),
  ...seeds(3),
  ...methods,
  ...learners,
  row({ ...mobilenet, weights: 8, reconstruct: 0 }),
  ...[1, 2].flatMap((seed) => ['bns', 'bns+inception'].map((method) => row({ ...many, seed, method }))),
  ...[1, 2].map((seed) => row({ ...many, ...margins, samples: 2500, seed, method: 'bns+inception' })),
  ...[1, 2, 3].flatMap((seed) => [row({ ...many, ...margins, seed }), row({ ...many, seed, method: 'real' })]),
  ...sizes,
  ...mixed,
  ...variants,
];

/** What a finished cell is found by. */
export function nameOf({ group, network, weights, activations, budget, method, samples, seed, variant, ...own }) {
  const bits = `w${weights}a${activations}${budget === undefined ? '' : ` within ${budget}`}`;
  const parts = [group, network, bits, method, samples, seed, `${own.reconstruct}+${own.distil}`];
  return [...parts, ...(variant === undefined ? [] : [variant])].join('/');
}
