import { DatafreeError, type Graph, type Runtime, type Session, type Tensor, type Tensors } from '@datafree/plugin';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { inOwnNames } from './ownNames.ts';

/**
 * One step of an iteration written as a graph: state goes in, the next state comes out, and a few values are read.
 * Optimisation of inputs and training of weights are both of this form.
 */
export class StepProgram {
  readonly builder: GraphBuilder;
  readonly #initial = new Map<string, Tensor>();
  readonly #next = new Map<string, string>();
  readonly #reads: string[] = [];

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  /** Declares a state tensor that starts as `initial`. */
  state(name: string, initial: Tensor): Value {
    this.#initial.set(name, initial);
    return this.builder.input(name, initial.dtype, initial.dims);
  }

  /** Sets what a state becomes after the step. A state without next value stays as it is. */
  next(state: Value, value: Value): void {
    if (String(state.shape) !== String(value.shape)) {
      throw new DatafreeError(
        'shape-mismatch',
        `State "${state.name}" [${state.shape}] would become [${value.shape}].`,
        {
          tensor: state.name,
        },
      );
    }
    const output = `${state.name}'`;
    this.builder.output(value, output);
    this.#next.set(state.name, output);
  }

  /** Makes a value readable after each step. */
  read(name: string, value: Value): void {
    this.builder.output(value, name);
    this.#reads.push(name);
  }

  /** The step as a graph: states and feeds are inputs, next states and reads are outputs. */
  graph(): Graph {
    return this.builder.build();
  }

  /**
   * Makes the step ready to run on a runtime. The caller disposes of the runner.
   *
   * @param options.repeated several steps are to be one run where the runtime can: worth it where the state is large
   */
  async compile(
    runtime: Runtime,
    options: { readonly threads?: number | undefined; readonly repeated?: boolean } = {},
  ): Promise<StepRunner> {
    const { threads, repeated = false } = options;
    const own = {
      step: true,
      ...(threads !== undefined && { threads }),
      ...(repeated && { carried: this.#next }),
    };
    const session = await inOwnNames(this.builder, () => runtime.compile(this.graph(), own));
    return new StepRunner(this.builder, session, this.#initial, this.#next, this.#reads);
  }
}

/** Runs the steps of a {@link StepProgram} and holds its state. */
export class StepRunner {
  readonly #builder: GraphBuilder;
  readonly #session: Session;
  readonly #next: ReadonlyMap<string, string>;
  readonly #reads: readonly string[];
  readonly #state: Map<string, Tensor>;

  constructor(
    builder: GraphBuilder,
    session: Session,
    initial: ReadonlyMap<string, Tensor>,
    next: ReadonlyMap<string, string>,
    reads: readonly string[],
  ) {
    this.#builder = builder;
    this.#session = session;
    this.#state = new Map(initial);
    this.#next = next;
    this.#reads = reads;
  }

  /** Runs one step and returns what is read. @param feeds the inputs that are not state */
  async step(feeds: Tensors = {}): Promise<Tensors> {
    const given = { ...Object.fromEntries(this.#state), ...feeds };
    const outputs = await inOwnNames(this.#builder, () => this.#session.run(given));
    for (const [state, output] of this.#next) this.#state.set(state, outputs[output] as Tensor);
    return this.#read(outputs);
  }

  /** Whether {@link steps} are one run of the runtime. */
  get repeats(): boolean {
    return this.#session.repeat !== undefined;
  }

  /** Runs several steps and returns what is read after each. @param feeds of each step the inputs that are not state */
  async steps(feeds: readonly Tensors[]): Promise<readonly Tensors[]> {
    const session = this.#session;
    if (session.repeat === undefined) {
      const reads: Tensors[] = [];
      for (const own of feeds) reads.push(await this.step(own));
      return reads;
    }
    const constant = Object.fromEntries([...this.#state].filter(([name]) => !this.#next.has(name)));
    const work = session.repeat(
      Object.fromEntries(this.#state),
      feeds.map((own) => ({ ...constant, ...own })),
    );
    const { carried, results } = await inOwnNames(this.#builder, () => work);
    for (const [state, tensor] of Object.entries(carried)) this.#state.set(state, tensor);
    return results.map((outputs) => this.#read(outputs));
  }

  #read(outputs: Tensors): Tensors {
    return Object.fromEntries(this.#reads.map((name) => [name, outputs[name] as Tensor]));
  }

  /** The present value of a state. @throws `value-unknown` */
  get(state: string): Tensor {
    const tensor = this.#state.get(state);
    if (tensor === undefined) throw new DatafreeError('value-unknown', `There is no state "${state}".`);
    return tensor;
  }

  /** Replaces the value of a state. @throws `value-unknown`, `shape-mismatch` */
  set(state: string, tensor: Tensor): void {
    const { dims } = this.get(state);
    if (String(dims) !== String(tensor.dims)) {
      throw new DatafreeError('shape-mismatch', `State "${state}" is [${dims}], not [${tensor.dims}].`, {
        tensor: state,
      });
    }
    this.#state.set(state, tensor);
  }

  /** All states by name, for a checkpoint. */
  get states(): ReadonlyMap<string, Tensor> {
    return this.#state;
  }

  /** Frees the session. */
  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}
