import { writeFile } from 'node:fs/promises';
import { smallNetwork } from '@datafree/testkit';
import { compress, encodeModel, gaussian, ort, quantizer, similarity } from 'datafree';
import noise from './my-synthesizer.mjs';

const model = smallNetwork();
await writeFile('model.onnx', encodeModel(model.graph));

const runtime = ort();
for (const synthesizer of [gaussian(), noise(), noise({ largest: 8 })]) {
  const { quantized, metrics } = await compress({
    model,
    runtime,
    synthesizer,
    quantizer: quantizer(),
    metrics: [similarity()],
    count: 64,
  });
  const { weights, activations } = quantized.bits;
  const { divergence = Number.NaN } = metrics.similarity ?? {};
  console.log(`${synthesizer.name}: ${weights}/${activations} bits, divergence ${divergence.toFixed(3)} nats`);
}
