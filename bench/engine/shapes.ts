/** What every contender runs: the same shapes of work. All times in milliseconds. */

export interface Many {
  readonly executions: number;
  /** Of each, one after the other. */
  readonly steps: number;
  readonly atOnce: number;
}

export interface Shapes {
  /** One execution, its steps one after the other, start to result. */
  sequential(steps: number): Promise<number>;
  /** Many executions, of which so many are under way at a time. */
  many(many: Many): Promise<number>;
  /** An execution of one step, start to result. */
  single(): Promise<number>;
  /** One execution whose steps all begin at once. */
  fanOut(steps: number): Promise<number>;
  close(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** Name of the contender that is its limit. */
  readonly limit?: string;
  /** Once a round. */
  open(): Promise<Shapes>;
  /** After the last round. */
  close?(): Promise<void>;
}
