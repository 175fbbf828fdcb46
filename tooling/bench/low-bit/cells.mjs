// The cells of the low-bit measurement: one network, one number of bits, one source of samples, one seed.

/** Steps of the whole recipe: those of each block's reconstruction, and those of the distillation after it. */
export const recipe = { reconstruct: 1000, distil: 1000, samples: 1024 };

/** The same at a third of the budget, for what is compared. */
const third = { reconstruct: 333, distil: 333, samples: 512 };

const resnet20 = 'resnet20_cifar10';
const resnet44 = { network: 'resnet44_cifar10', weights: 2, activations: 4, firstLast: 4 };
const mobilenet = { network: 'mobilenetv1_025_224_imagenet', activations: 8, samples: 256 };
const w4a4 = { network: resnet20, weights: 4, activations: 4 };

const cell = (own) => ({ method: 'bns', seed: 1, ...recipe, ...own });

/** Rows: what is wanted, with mean and spread over seeds where there are several. */
const rows = [
  ...[1, 2, 3].map((seed) => cell({ group: 'rows', ...w4a4, seed })),
  ...[1, 2, 3].map((seed) => cell({ group: 'rows', network: resnet20, weights: 3, activations: 3, seed })),
  ...['bns', 'real'].map((method) => cell({ group: 'rows', ...resnet44, method })),
  ...[4, 8].map((weights) => cell({ group: 'rows', ...mobilenet, weights })),
];

/** The methods against each other. */
const methods = ['bns', 'real', 'gaussian', 'inception', 'bns+inception'].map((method) =>
  cell({ group: 'methods', ...w4a4, ...third, method }),
);

/** How accuracy grows with the number of samples, of which there are ten classes. */
const sizes = [1, 5, 20, 100, 500].flatMap((each) =>
  ['bns', 'real'].map((method) => cell({ group: 'sizes', ...w4a4, ...third, samples: 10 * each, method })),
);

export const cells = [...rows, ...methods, ...sizes];

/** What a finished cell is found by. */
export function nameOf({ group, network, weights, activations, method, samples, seed, reconstruct, distil }) {
  return `${group}/${network}/w${weights}a${activations}/${method}/${samples}/${seed}/${reconstruct}+${distil}`;
}
