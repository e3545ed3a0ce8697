/** What a worker takes at most: `open({ limits })`. */
export interface Limits {
  /** Longest input, in UTF-8 bytes of its encoded text. Default 16 MiB. */
  readonly inputBytes: number;
  /** Most executions in memory at a time. Default 10,000. */
  readonly executions: number;
  /** Most signals of an execution that it has not asked for: `signal` throws `SignalsFullError`. Default 10,000. */
  readonly signals: number;
  /** Most bodies of steps, submitters and checks at work at a time; the others wait for their turns. Default 1,000. */
  readonly steps: number;
  /** The same, of steps of one name. Default: no such limits. */
  readonly stepsByName: Readonly<Record<string, number>>;
}

export const LIMITS: Limits = {
  inputBytes: 16 * 2 ** 20,
  executions: 10_000,
  signals: 10_000,
  steps: 1_000,
  stepsByName: {},
};
