import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Diagnostic } from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { readCliFindings, REFUSE, sortFaceFindings, type FaceFinding } from "./cliFindings.ts";
import { startServer, type EditorClient } from "./editorClient.ts";

const files = readdirSync(REFUSE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join(REFUSE, path));
const uriOf = (path: string): string => pathToFileURL(join(REFUSE, path)).href;
const textOf = (path: string): string => readFileSync(join(REFUSE, path), "utf8");

const client: { current: EditorClient | null } = { current: null };
const editor = (): EditorClient => {
  if (client.current === null) throw new Error("the server was not started");
  return client.current;
};

beforeAll(async () => {
  client.current = await startServer(REFUSE);
}, 30_000);
afterAll(() => client.current?.stop());

function toFaceFinding(uri: string, { code, message, range }: Diagnostic): FaceFinding {
  return {
    code: String(code),
    words: typeof message === "string" ? message : message.value,
    path: relative(REFUSE, fileURLToPath(uri)),
    from: `${range.start.line + 1}:${range.start.character + 1}`,
    to: `${range.end.line + 1}:${range.end.character + 1}`,
  };
}

describe("durablec lsp", () => {
  test("says what the command line says of every refused fixture", async () => {
    for (const file of files) editor().open(pathToFileURL(file).href, readFileSync(file, "utf8"));
    const said = await Promise.all(
      files.map(async (file) => {
        const uri = pathToFileURL(file).href;
        const { diagnostics } = await editor().published(uri);
        return diagnostics.map((diagnostic) => toFaceFinding(uri, diagnostic));
      }),
    );
    const expected = sortFaceFindings(await readCliFindings());
    expect(expected.length).toBeGreaterThan(30);
    expect(sortFaceFindings(said.flat())).toEqual(expected);
  });

  const clock = "DC201-clock-outside-step/main.ts";

  test("says it again as one types, in other files that the edit concerns too", async () => {
    const stamp = "DC201-clock-outside-step/stamp.ts";
    const before = editor().published(uriOf(clock), 2);
    editor().change(uriOf(stamp), 'export const stamp = (): string => "fixed";\n');
    editor().change(uriOf(clock), textOf(clock).replace("Date.now()", "now()"));
    const { diagnostics } = await before;
    expect(diagnostics.map(({ range }) => range.start.line + 1)).toEqual([7, 8]);
    const after = editor().published(uriOf(clock), 3);
    editor().change(uriOf(stamp), textOf(stamp));
    editor().change(uriOf(clock), textOf(clock));
    expect((await after).diagnostics).toHaveLength(4);
  });

  test("offers fixes that answer the finding", async () => {
    const { diagnostics } = await editor().published(uriOf(clock), 3);
    const at = diagnostics.find(({ range }) => range.start.line === 5);
    if (at === undefined) throw new Error("no finding in line 6");
    const actions = await editor().codeActions(uriOf(clock), at.range);
    expect(actions.map(({ title, isPreferred }) => ({ title, isPreferred }))[0]).toEqual({
      title: expect.stringContaining("now()"),
      isPreferred: true,
    });
    const edits = actions[0]?.edit?.changes?.[uriOf(clock)] ?? [];
    const document = TextDocument.create(uriOf(clock), "typescript", 1, textOf(clock));
    expect(TextDocument.applyEdits(document, edits)).toBe(textOf(clock).replace("Date.now()", "now()"));
    const all = await editor().codeActions(uriOf(clock), at.range, ["source.fixAll"]);
    expect(all.map(({ kind }) => kind)).toEqual(["source.fixAll.durablec"]);
  });

  test("shows at an await its checkpoint, the operation and what is stored", async () => {
    const hover = await editor().hover(uriOf(clock), { line: 9, character: 20 });
    expect(hover).toBe(
      [
        '**Checkpoint 1** · step "clock"',
        "",
        "Stored with it:",
        "```ts",
        "id: string",
        "start: number",
        "read: () => DOMHighResTimeStamp",
        "day: Date",
        "fixed: Date",
        "```",
      ].join("\n"),
    );
    expect(await editor().hover(uriOf(clock), { line: 5, character: 10 })).toBeNull();
  });

  test("numbers the checkpoints in front of their awaits", async () => {
    const range = { start: { line: 0, character: 0 }, end: { line: 20, character: 0 } };
    expect(await editor().inlayHints(uriOf(clock), range)).toEqual([
      { label: "1", position: { line: 9, character: 19 } },
    ]);
  });

  test("looks at a file of no project by its syntax", async () => {
    const uri = "file:///nowhere/alone.ts";
    editor().open(uri, 'export async function f() {\n  "use durables";\n}\n');
    const { diagnostics } = await editor().published(uri);
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC101"]);
  });
});
