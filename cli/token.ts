import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";

export interface TokenArgs {
  /** False: `--no-token`. */
  readonly token: boolean;
  readonly "token-file"?: string | undefined;
}

export const tokenOptions = {
  token: { type: "boolean", default: true, describe: "--no-token: answer all programs of this machine" },
  "token-file": {
    type: "string",
    describe: "File with the token that requests must bear [environment: DURABLEC_TOKEN; else one is made]",
  },
} as const;

const LENGTH_MIN = 16;

/** The token of requests; null: none. One that is made here is shown once. Errors never show what was read. */
export function readToken(args: TokenArgs, io: Pick<Io, "cwd" | "err">): string | null {
  const file = args["token-file"];
  if (!args.token) {
    if (file === undefined) return null;
    throw new Trouble("--no-token and --token-file contradict each other.", "Leave one of them out.");
  }
  const given = file === undefined ? process.env["DURABLEC_TOKEN"] : readFile(resolve(io.cwd, file));
  if (given === undefined) {
    const made = randomBytes(32).toString("hex");
    io.err(`token of this run, shown only here: ${made}`);
    return made;
  }
  const token = given.trim();
  if (token.length >= LENGTH_MIN && /^\S+$/.test(token)) return token;
  throw new Trouble(
    `The token of ${file ?? "DURABLEC_TOKEN"} is not ${LENGTH_MIN} characters or more without spaces.`,
    "openssl rand -hex 32 makes one.",
  );
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Trouble(`The token file ${path} cannot be read (${code}).`, "Name the file with --token-file.");
  }
}
