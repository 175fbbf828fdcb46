// Writes what the examples of the READMEs read: `model.onnx` and `resnet20.onnx`, a small network; `photographs/`, images of the kind that
// it knows; `samples/`, the same as a samples folder. Runs where the packages are installed.
import { mkdir, writeFile } from 'node:fs/promises';
import { contactSheet, memorySamples, writeSamples } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import {
  smallNetworkGrid as grid,
  smallNetworkShape as shape,
  smallNetwork,
  smallNetworkSamples,
} from '@datafree/testkit';

const count = 16;
for (const name of ['model.onnx', 'resnet20.onnx']) await writeFile(name, encodeModel(smallNetwork().graph));
const samples = smallNetworkSamples(count);
await writeSamples('samples', samples, {
  grid,
  origin: { method: 'none', options: {}, seed: 0, model: '', versions: {} },
});
await mkdir('photographs');
let n = 0;
for await (const { data } of samples.batches(1)) {
  const one = memorySamples({ shape, data: data.data });
  await writeFile(`photographs/${n++}.png`, await contactSheet(one, { grid }));
}
