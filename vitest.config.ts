import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    update: "none",
    testTimeout: 30_000,
    server: { deps: { external: [/runtime\/dist\//] } },
  },
});
