import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    update: "none",
    // Vitest would leave one of two cores idle.
    maxWorkers: 2,
    testTimeout: 30_000,
    server: { deps: { external: [/runtime\/dist\//] } },
  },
});
