// Which packages have plugins, and where their options are said.

/** By folder: the schemas that a package exports, by the plugin's function, and the sources with their comments. */
export const plugins = {
  'synth-gaussian': { schemas: { gaussian: 'gaussianOptions' }, sources: [] },
  'synth-bns': { schemas: { bns: 'bnsOptions' }, sources: ['inversion/src/options'] },
  'synth-inception': {
    schemas: { inception: 'inceptionOptions', bnsInception: 'bnsInceptionOptions' },
    sources: ['inversion/src/options'],
  },
  quantizer: { schemas: { quantizer: 'quantizerOptions' }, sources: [] },
  finetuner: { schemas: { distil: 'fineTunerOptions' }, sources: [] },
  reconstruct: { schemas: { reconstruct: 'reconstructOptions' }, sources: [] },
  similarity: { schemas: { similarity: 'similarityOptions' }, sources: [] },
  'runtime-ort': { schemas: { ort: 'ortOptions' }, sources: [] },
  'runtime-tfjs': { schemas: { tfjs: 'tfjsOptions' }, sources: [] },
};
