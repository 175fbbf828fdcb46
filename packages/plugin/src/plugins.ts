import type { Graph } from './graph.ts';
import type { Model } from './model.ts';
import type { Logger, ProgressListener } from './progress.ts';
import type { Runtime } from './runtime.ts';
import type { SampleSet } from './samples.ts';

/** The version of the contracts in this package. */
export const apiVersion = 1;

/** What every plugin is handed: it touches nothing else outside itself. */
export interface Context {
  readonly runtime: Runtime;
  /** Seed of all randomness: same seed, same bytes. A whole number from 0 to 2^32 − 1. */
  readonly seed: number;
  readonly logger: Logger;
  readonly onProgress: ProgressListener;
  readonly signal?: AbortSignal;
  /** Threads a session may use; the runtime's default when absent. */
  readonly threads?: number | undefined;
  /**
   * Where a long work keeps what it needs to go on after an interruption; absent when it need not. Keys are short
   * names; a value is written whole or not at all.
   */
  readonly checkpoint?: Checkpoint;
}

/** A small store of finished pieces of work. */
export interface Checkpoint {
  read(key: string): Promise<Uint8Array | undefined>;
  write(key: string, value: Uint8Array): Promise<void>;
}

/** What all plugins have in common. */
export interface Plugin<Kind extends string, Supports> {
  readonly kind: Kind;
  /** Unique among plugins of its kind: "bns". */
  readonly name: string;
  readonly apiVersion: 1;
  /** What it needs and can do, read by the planner and the conformance kit. */
  readonly supports: Supports;
  /** The options in force, defaults filled in; plain data. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Says whether it can work with a network, before anything of a run is done or written: the stages before its own may
   * take long. Quick, and without running anything; a plugin without it takes every network that `supports` lets pass.
   *
   * @param quantizer the one whose network a fine-tuner is to work with, where that is known
   * @throws a `DatafreeError` for a network that it would refuse
   */
  check?(model: Model, quantizer?: Pick<Quantizer, 'name' | 'options'>): void;
}

/** What a synthesizer needs and can do. */
export interface SynthesizerSupports {
  /** Needs BatchNormalization in the network. */
  readonly needsBatchNorm: boolean;
  /** Needs a runtime that runs backward graphs. */
  readonly needsGradients: boolean;
  /** Gives each sample a class. */
  readonly labels: boolean;
  /** Same seed, same bytes. */
  readonly deterministic: boolean;
}

/** Makes samples from a trained network alone. */
export interface Synthesizer extends Plugin<'synthesizer', SynthesizerSupports> {
  /**
   * @param request.count how many samples
   * @param request.ready how many of them, from 1, to make at once: the set may make the others when they are first
   *   read, and says so. All when absent
   */
  synthesize(
    model: Model,
    request: { readonly count: number; readonly ready?: number | undefined },
    context: Context,
  ): Promise<SampleSet>;
}

/** What a quantizer needs and can do. */
export interface QuantizerSupports {
  readonly needsSamples: boolean;
  readonly weightBits: readonly number[];
  readonly activationBits: readonly number[];
  readonly deterministic: boolean;
}

/** Why a layer runs, or does not run, with integer kernels. */
export interface LayerFusion {
  readonly node: string;
  readonly op: string;
  readonly kernel: 'integer' | 'float';
  /** The runtime's operator that executes it: "QLinearConv". */
  readonly runsAs: string;
  /** For a float layer: why. */
  readonly reason?: string;
}

/**
 * Which layers the runtime executes with integer kernels, read from the runtime's own optimised graph. What only moves
 * values (Slice, Concat, Transpose and the like) is one where the runtime moves integers with it, or floats between
 * layers with weights.
 */
export interface FusionReport {
  readonly integer: number;
  readonly float: number;
  readonly layers: readonly LayerFusion[];
}

/** How the bits of weights, and of the activations that enter them, were chosen layer by layer. */
export interface MixedPrecision {
  /** What was kept small, and which part of what it is in fp32 was allowed. */
  readonly budget: { readonly of: 'size' | 'operations'; readonly share: number };
  readonly layers: readonly {
    readonly node: string;
    /** Name of its weight; layers may share one. */
    readonly weight: string;
    /** Elements of the weight. */
    readonly elements: number;
    readonly bits: number;
    /** Bits of the activation that enters it. */
    readonly activations: number;
    /** How far the outputs are from the network's with this layer alone rounded: nats, where outputs are classes. */
    readonly divergence: number;
  }[];
  /** The best choices at several costs, from small to large, the one that was made among them. */
  readonly table: readonly {
    /** Cost, as a part of what it is in fp32. */
    readonly share: number;
    readonly averageBits: number;
    /** Sum of what the layers do alone. */
    readonly divergence: number;
    readonly chosen: boolean;
    /** Bits of each weight, in the order of `layers`, a shared weight once. */
    readonly bits: readonly number[];
    /** Bits of the activation that enters each, in the same order. */
    readonly activations: readonly number[];
  }[];
}

/** A quantised network and what is known of it. */
export interface Quantized {
  /** QDQ graph; the batch axis stays free. */
  readonly graph: Graph;
  readonly bits: { readonly weights: number; readonly activations: number };
  /** Present where layers have bits of their own; `bits` are then those of most layers. */
  readonly precision?: MixedPrecision;
  /** Absent when the runtime cannot tell. */
  readonly fusion?: FusionReport;
  readonly warnings: readonly string[];
}

/** Turns a network and samples into a quantised network. */
export interface Quantizer extends Plugin<'quantizer', QuantizerSupports> {
  quantize(model: Model, samples: SampleSet, context: Context): Promise<Quantized>;
}

/** What a fine-tuner needs and can do. */
export interface FineTunerSupports {
  readonly needsGradients: boolean;
  readonly needsLabels: boolean;
  readonly weightBits: readonly number[];
  readonly activationBits: readonly number[];
  readonly deterministic: boolean;
}

/** Lets a quantised network learn from its full-precision self, on samples. */
export interface FineTuner extends Plugin<'fine-tuner', FineTunerSupports> {
  fineTune(model: Model, quantized: Quantized, samples: SampleSet, context: Context): Promise<Quantized>;
}

/** What a metric needs. */
export interface MetricSupports {
  readonly needsBatchNorm: boolean;
  readonly needsLabels: boolean;
  readonly deterministic: boolean;
}

/** Measures samples, or a network on samples. Values are plain numbers by name. */
export interface Metric extends Plugin<'metric', MetricSupports> {
  measure(model: Model, samples: SampleSet, context: Context): Promise<Readonly<Record<string, number>>>;
}

/** Types a synthesizer. */
export function defineSynthesizer(plugin: Synthesizer): Synthesizer {
  return plugin;
}

/** Types a quantizer. */
export function defineQuantizer(plugin: Quantizer): Quantizer {
  return plugin;
}

/** Types a fine-tuner. */
export function defineFineTuner(plugin: FineTuner): FineTuner {
  return plugin;
}

/** Types a metric. */
export function defineMetric(plugin: Metric): Metric {
  return plugin;
}

/** Types a runtime. */
export function defineRuntime(plugin: Runtime): Runtime {
  return plugin;
}
