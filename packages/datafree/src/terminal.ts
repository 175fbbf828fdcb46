/** What the command line touches of the process that it runs in. */
export interface Terminal {
  /** Results. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
  /** The command line that started the process, for work in more of them; absent where there is none. */
  readonly command?: readonly string[] | undefined;
  /** Takes what is to be done before an error is told; `run` sets it. */
  readonly beforeError?: ((work: () => void) => void) | undefined;
}

/** A stream to write to; `process.stdout` and `process.stderr` fit. */
export interface Output {
  write(text: string): unknown;
  /** True for a terminal, where progress is drawn as bars and text is coloured. */
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}
