#!/usr/bin/env node
/**
 * The program `durablec`. It loads the rest only on a Node that can run it: an import at the top would fail on an
 * older one with a message about a missing module, which helps nobody.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `error: durablec needs Node 22.13 or newer, and this is ${process.versions.node}.\n` +
      `  Install a newer Node, or add the npm package "node" to the project and run durablec through npm.\n`,
  );
  process.exitCode = 2;
} else {
  hideSqliteWarning();
  const { runCli } = await import("./run.ts");
  const { toProcessIo } = await import("./io.ts");
  process.exitCode = await runCli(process.argv.slice(2), toProcessIo());
}

/** Node 22 warns about its built-in SQLite each time it is loaded. The warning is ours to know, not the user's. */
function hideSqliteWarning(): void {
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name === "ExperimentalWarning" && warning.message.startsWith("SQLite")) return;
    for (const listener of listeners) listener(warning);
  });
}
