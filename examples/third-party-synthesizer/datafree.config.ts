import { defineConfig } from 'datafree';

// What `datafree compress model.onnx -o small.onnx` does in this folder; the names are those of the flags.
export default defineConfig({
  method: './my-synthesizer.mjs',
  option: { largest: 8 },
  samples: 16,
  bounds: [-2, 2],
});
