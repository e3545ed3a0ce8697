import type { Argv } from "yargs";
import { EXIT, Trouble, type ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";

/** Options that every command has. */
export interface SharedArgs {
  /** One JSON document on standard output, and nothing else there. */
  readonly json: boolean;
}

export type Cli = Argv<SharedArgs>;

/** What a command's file gets: the world, and a way to run that turns every ending into an exit code. */
export interface Face {
  readonly io: Io;
  run(args: SharedArgs, work: () => Promise<ExitCode>): Promise<void>;
}

/** A face that remembers how its command ended. */
export function toFace(io: Io): Face & { readonly exit: () => ExitCode } {
  const ended: { exit: ExitCode } = { exit: EXIT.ok };
  return {
    io,
    exit: () => ended.exit,
    async run(args, work) {
      try {
        ended.exit = await work();
      } catch (error) {
        ended.exit = reportTrouble(error, args.json, io);
      }
    },
  };
}

/** Says what went wrong and returns the exit code for it. */
export function reportTrouble(error: unknown, json: boolean, io: Io): ExitCode {
  const { message, advice, exit } = toTrouble(error);
  if (json) io.out(JSON.stringify({ error: { message, advice } }, null, 2));
  else io.err(advice === "" ? `error: ${message}` : `error: ${message}\n  ${advice}`);
  return exit;
}

/** Errors of the runtime carry their advice in the message. Anything else is our mistake, and then the stack is news. */
function toTrouble(error: unknown): Pick<Trouble, "message" | "advice" | "exit"> {
  if (error instanceof Trouble) return error;
  if (isDurableError(error)) return { message: error.message, advice: "", exit: EXIT.failed };
  if (isSystemError(error)) return { message: error.message, advice: systemAdvice, exit: EXIT.failed };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    message: stack,
    advice: "This is a bug in durablec: please report it with the lines above.",
    exit: EXIT.failed,
  };
}

const systemAdvice = "Check that the path is right, that it can be written, and that the disk has room.";

/** A file or folder that could not be read or written: `ENOSPC: no space left on device, write`. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** By name, not `instanceof`: the project's copy of the runtime is not always the one beside the CLI. */
function isDurableError(error: unknown): error is Error {
  for (let at = error; at instanceof Error; at = Object.getPrototypeOf(at) as unknown)
    if (at.constructor.name === "DurableError") return true;
  return false;
}
