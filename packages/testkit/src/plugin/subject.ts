import type { Context, Model, Plugin, Runtime } from '@datafree/plugin';

/** A plugin of any kind, as far as all kinds are alike. */
export type AnyPlugin = Plugin<string, { readonly deterministic: boolean }>;

/** A plugin's factory as its package exports it. */
export type PluginFactory<P> = (options?: never) => P;

/** Options of every suite. */
export interface SuiteOptions {
  /** What networks are run with; the reference runtime, which is slow, when absent. */
  readonly runtime?: Runtime;
  /** Options that the plugin is made with: those that make it fast, and those to be tried with wrong values. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What the checks that all kinds share need to know of one. */
export interface Subject<P extends AnyPlugin, Result> {
  readonly runtime: Runtime;
  readonly model: Model;
  /** Makes the plugin. @param more options besides those of the suite */
  create(more?: Readonly<Record<string, unknown>>): P;
  /** Has it do a small piece of its work. */
  work(plugin: P, context: Context): Promise<Result>;
  /** The result as bytes. */
  bytes(result: Result): Promise<Uint8Array>;
}

/** The `create` of a subject. */
export function creator<P>(factory: PluginFactory<P>, options: Readonly<Record<string, unknown>> = {}) {
  return (more: Readonly<Record<string, unknown>> = {}): P =>
    (factory as unknown as (options: object) => P)({ ...options, ...more });
}
