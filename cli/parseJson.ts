import { Trouble } from "./exit.ts";

/** JSON that a person typed; `where` names the option or the file for the message. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Trouble(
      `${where} is not JSON: ${reason}.`,
      `Text needs its own quotes inside the shell's: --value '"yes"'.`,
    );
  }
}
