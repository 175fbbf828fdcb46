// Which labelled data a network is measured on, and how its bytes become the network's input.
import { gridOf } from '@datafree/data';

const cifar10 = {
  preprocess: 'imagenet',
  rawShape: [32, 32, 3],
  channels: 3,
  test: { file: 'cifar10_test_first5000.u8', labels: 'cifar10_test_first5000.labels.u8' },
  /** Real images to calibrate with, for comparison. */
  real: 'cifar10_train_first5000.u8',
};

/** By network. */
export const datasets = {
  resnet20_cifar10: cifar10,
  resnet20_cifar10_torchraw: cifar10,
  resnet44_cifar10: cifar10,
  mobilenetv1_025_224_imagenet: {
    preprocess: 'signed',
    rawShape: [224, 224, 3],
    channels: 3,
    test: { file: 'imagenet_nips17_first250.u8.gz', labels: 'imagenet_nips17_first250.labels.u16' },
    // There are no other photographs: these calibrate and test, which favours the comparison.
    real: 'imagenet_nips17_first250.u8.gz',
  },
  dscnn_kws_mlperftiny: {
    preprocess: { scale: 0.5847029089927673, zeroPoint: 83 },
    rawShape: [49, 10, 1],
    channels: 1,
    test: { file: 'kws01_first500.i8', labels: 'kws01_first500.labels.u8' },
    real: 'kws01_first500.i8',
  },
};

/** The grid of valid inputs of a network measured on a data set. */
export function gridFor({ preprocess, channels }) {
  return gridOf(preprocess, channels);
}
