import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readCliFindings, REFUSE, sortFaceFindings, type FaceFinding } from "./cliFindings.ts";
import { startTsServer } from "./tsserverClient.ts";

const files = readdirSync(REFUSE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join(REFUSE, path));
/** A folder where durablec is installed: the server looks for plugins in `node_modules`, and knows no exports. */
const installed = mkdtempSync(join(tmpdir(), "durablec-tsserver-"));
mkdirSync(join(installed, "node_modules"));
symlinkSync(join(import.meta.dirname, "../.."), join(installed, "node_modules/durablec"), "dir");
const server = startTsServer(installed);
afterAll(async () => {
  await server.stop();
  rmSync(installed, { recursive: true, force: true });
});

interface Place {
  readonly line: number;
  readonly offset: number;
}

interface Said {
  readonly source?: string;
  readonly code: number;
  readonly text: string;
  readonly start: Place;
  readonly end: Place;
}

interface Offered {
  readonly description: string;
  readonly changes: readonly { readonly fileName: string; readonly textChanges: readonly Edit[] }[];
}

interface Edit {
  readonly start: Place;
  readonly end: Place;
  readonly newText: string;
}

function toFaceFinding(file: string, { code, text, start, end }: Said): FaceFinding {
  return {
    code: `DC${code}`,
    words: text,
    path: relative(REFUSE, file),
    from: `${start.line}:${start.offset}`,
    to: `${end.line}:${end.offset}`,
  };
}

const diagnosticsOf = (file: string): Promise<readonly Said[]> =>
  server.request<readonly Said[]>("semanticDiagnosticsSync", { file });

describe("TypeScript's server with the plugin", () => {
  test("says what the command line says of every refused fixture", async () => {
    for (const file of files) server.notify("open", { file, projectRootPath: REFUSE });
    const said: FaceFinding[] = [];
    for (const file of files) {
      const own = (await diagnosticsOf(file)).filter(({ source }) => source === "durablec");
      said.push(...own.map((one) => toFaceFinding(file, one)));
    }
    expect(sortFaceFindings(said)).toEqual(sortFaceFindings(await readCliFindings()));
  });

  const clock = join(REFUSE, "DC201-clock-outside-step/main.ts");

  test("offers the fixes, by the codes that it says it has fixes for", async () => {
    const codes = await server.request<readonly string[]>("getSupportedCodeFixes", { file: clock });
    expect(codes).toEqual(expect.arrayContaining(["201", "304"]));
    const [offered] = await server.request<readonly Offered[]>("getCodeFixes", {
      file: clock,
      startLine: 6,
      startOffset: 17,
      endLine: 6,
      endOffset: 25,
      errorCodes: [201],
    });
    expect(offered?.description).toContain("now()");
    expect(offered?.changes.map(({ fileName }) => fileName)).toEqual([clock]);
    expect(offered?.changes[0]?.textChanges.some(({ newText }) => newText.includes("now"))).toBe(true);
  });

  test("says TypeScript's own errors too, and again after an edit", async () => {
    const before = readFileSync(clock, "utf8");
    const start = before.split("\n").findIndex((line) => line.includes("Date.now()"));
    server.notify("change", {
      file: clock,
      line: start + 1,
      offset: 1,
      endLine: start + 2,
      endOffset: 1,
      insertString: '  const start: number = "text";\n',
    });
    const said = await diagnosticsOf(clock);
    expect(said.map(({ code, start: { line } }) => `${code} ${line}`).toSorted()).toEqual([
      "201 11",
      "201 7",
      "201 8",
      "2322 6",
    ]);
  });
});
