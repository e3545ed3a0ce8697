import { EXIT, type ExitCode } from "../exit.ts";
import type { Cli, Face } from "../face.ts";
import type { Io } from "../io.ts";

/** `durablec lsp`: the language server, for editors to start. */
export function addLsp(cli: Cli, face: Face): Cli {
  return cli.command(
    "lsp",
    "Serve an editor over the Language Server Protocol, on standard input and output",
    // The only way it speaks. Editors name it all the same.
    (one) => one.option("stdio", { type: "boolean", default: true, describe: "Standard input and output" }),
    (args) => face.run(args, () => lsp(face.io)),
  );
}

async function lsp(io: Io): Promise<ExitCode> {
  const { serveStdio } = await import("../../integrations/lsp/main.ts");
  await serveStdio(io.stopped);
  return EXIT.ok;
}
