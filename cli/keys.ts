import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { EncryptionOptions } from "@durablec/runtime";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";

export interface KeyArgs {
  readonly "key-file"?: string | undefined;
}

/** `--key-file`, for every command that opens a store. */
export const keyFileOption = {
  type: "string",
  describe: "JSON file with the keys of an encrypted store [environment: DURABLEC_KEYS, the same JSON]",
} as const;

/**
 * What `open` takes as `encryption`: of the file, else of the environment, else nothing. Errors never show what was read:
 * it may be a key.
 */
export function readKeys(args: KeyArgs, io: Pick<Io, "cwd">): { readonly encryption?: EncryptionOptions } {
  const file = args["key-file"];
  const text = file === undefined ? process.env["DURABLEC_KEYS"] : readKeyFile(resolve(io.cwd, file));
  if (text === undefined || text === "") return {};
  const keys = parse(text);
  if (isKeys(keys)) return { encryption: keys };
  throw new Trouble(
    `${file === undefined ? "The environment's DURABLEC_KEYS" : `The key file ${file}`} does not hold keys.`,
    'It must be JSON: { "current": "k1", "keys": { "k1": "<32 bytes in base64>" } }; a key is made by openssl rand -base64 32.',
  );
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Trouble(`The key file ${path} cannot be read (${code}).`, "Name the file with --key-file.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isKeys(value: unknown): value is EncryptionOptions {
  if (typeof value !== "object" || value === null || !("current" in value) || !("keys" in value))
    return false;
  const { current, keys } = value;
  return (
    typeof current === "string" &&
    typeof keys === "object" &&
    keys !== null &&
    Object.values(keys).every((key) => typeof key === "string")
  );
}
