import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Builds the quickstart with the CLI as it is installed; returns its output folder. */
export function buildQuickstart(): string {
  const cli = join(root, "dist/cli/main.js");
  execFileSync(process.execPath, [cli, "build", "-p", join(root, "fixtures/quickstart")], { stdio: "pipe" });
  return join(root, "fixtures/quickstart/dist");
}
