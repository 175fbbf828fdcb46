export * from './inception.ts';
export {
  type BnsInceptionOptions,
  bnsInceptionOptions,
  type InceptionOptions,
  inceptionOptions,
} from './options.ts';
