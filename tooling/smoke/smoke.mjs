// Compresses a small network with the built packages: the shortest run that uses all of them.
import { smallNetwork, smallNetworkSamples } from '@datafree/testkit';
import { bns, compress, ort, quantizer } from 'datafree';

const model = smallNetwork();
const { quantized, samples } = await compress({
  model,
  runtime: ort({ threads: 1 }),
  synthesizer: bns({ iterations: 5 }),
  quantizer: quantizer(),
  count: 16,
});
const session = await ort({ threads: 1 }).compile(quantized.graph);
for await (const { data } of smallNetworkSamples(4).batches(4)) {
  const { [model.output.name]: logits } = await session.run({ [model.input.name]: data });
  if (!logits.data.every(Number.isFinite)) throw new Error('The quantised network gives values that are not finite.');
}
await session.dispose();
console.log(`Node ${process.versions.node}: ${samples.count} samples, ${quantized.fusion.integer} integer layers`);
