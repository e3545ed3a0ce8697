import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The compiler's checks keep nothing between files, and loading the compiler costs more than most of them. */
const shared = "test/check/**/*.test.ts";

/** Workers, and the programs they start, read TypeScript's compiled code from here instead of compiling it each time. */
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/node", import.meta.url));

export default defineConfig({
  test: {
    update: "none",
    // Vitest would leave one of two cores idle.
    maxWorkers: 2,
    testTimeout: 30_000,
    server: { deps: { external: [/runtime\/dist\//] } },
    projects: [
      { extends: true, test: { name: "checks", include: [shared], isolate: false } },
      {
        extends: true,
        test: {
          name: "others",
          include: ["test/**/*.test.ts"],
          exclude: [shared],
          globalSetup: "test/support/runFolder.ts",
        },
      },
    ],
  },
});
