import type { Diagnostic } from "../../compiler/diagnostic.ts";

/** What an editor shows of a finding, beside its code: what is wrong, and what to do. */
export function toWording({ message, advice }: Diagnostic): string {
  return advice === "" ? message : `${message} ${advice}`;
}
