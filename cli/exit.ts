/** How a command ends. The numbers are part of the interface: README lists them, scripts rely on them. */
export const EXIT = {
  ok: 0,
  /** The code was read and something is wrong with it. */
  findings: 1,
  /** The command itself was wrong: an unknown option, a file that is not there. */
  usage: 2,
  /** An execution failed, or the store could not do what was asked. */
  failed: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something a person can mend. `message` says what and where; `advice` what to do. Never shown with a stack. */
export class Trouble extends Error {
  readonly advice: string;
  readonly exit: ExitCode;

  constructor(message: string, advice: string, exit: ExitCode = EXIT.usage) {
    super(message);
    this.name = "Trouble";
    this.advice = advice;
    this.exit = exit;
  }
}
