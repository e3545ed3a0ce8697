import type { ManifestCheckpoint, ManifestFunction } from "../../compiler/5-write/manifest.ts";
import { formatMarkdownTable, formatTable, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "#", align: "right" },
  { title: "operation" },
  { title: "name" },
  { title: "line", align: "right" },
  { title: "stored with it" },
];

/** The checkpoints of a function: where it can be stopped and carried on, and what has to be stored for that. */
export function formatCheckpoints(fn: ManifestFunction): string[] {
  return [
    `${fn.id}  (${fn.source}:${fn.line}, hash ${fn.hash})`,
    "",
    ...formatTable(columns, fn.checkpoints.map(toRow)),
  ];
}

/** The same as a Markdown table, with code in code font. */
export function formatCheckpointsMarkdown(fn: ManifestFunction): string[] {
  const code = (text: string) => (text === "" ? "" : `\`${text}\``);
  const rows = fn.checkpoints.map((one) => {
    const [number, operation, name, line, stored] = toRow(one);
    return [number, operation, code(name), line, toStored(one).map(code).join(", ") || stored];
  });
  return formatMarkdownTable(columns, rows);
}

function toRow(one: ManifestCheckpoint): [string, string, string, string, string] {
  return [String(one.number), toOperation(one), one.name ?? "", String(one.line), toStored(one).join(", ")];
}

/** An operation that is only started here leaves nothing to store: its await, further down, is a checkpoint too. */
function toOperation({ kind, awaited }: ManifestCheckpoint): string {
  const words = { callback: "open a callback", value: "await", call: "call" } as const;
  const word = kind in words ? words[kind as keyof typeof words] : kind;
  return awaited ? word : `${word}, started`;
}

function toStored({ live }: ManifestCheckpoint): string[] {
  return live.map(({ name, type }) => (type === null ? name : `${name}: ${type}`));
}
