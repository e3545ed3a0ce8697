import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

type Target = string | Readonly<Record<string, string>>;

function listTargets(): readonly string[] {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, Target>>;
    readonly bin: Readonly<Record<string, string>>;
  };
  const targets = Object.values(own.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  return [...targets, ...Object.values(own.bin)].map((path) => posix.normalize(path));
}

describe("the published package", () => {
  test("has every file that its entries name", () => {
    const printed = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [packed] = JSON.parse(printed) as [{ readonly files: readonly { readonly path: string }[] }];
    const files = packed.files.map(({ path }) => path);
    expect(files).toEqual(expect.arrayContaining([...listTargets()]));
    expect(files).toEqual(expect.arrayContaining(["tsserver/package.json", "docs/editor.md"]));
  });

  test("gives ESLint a configuration, and TypeScript's server a function", async () => {
    const eslint = (await import("durablec/eslint")) as { readonly recommended: object };
    expect(eslint.recommended).toMatchObject({ name: "durablec/recommended" });
    const require = createRequire(import.meta.url);
    expect(require("durablec/tsserver")).toBeTypeOf("function");
    // As the server finds it, which knows folders and no exports.
    expect(require(join(root, "tsserver"))).toBeTypeOf("function");
  });
});
