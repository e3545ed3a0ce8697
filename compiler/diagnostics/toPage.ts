/**
 * A diagnostic is written as a page of documentation first (`docs/diagnostics/DC101.md`); its message is generated
 * from the page's front matter, so no error can exist without its page. This file reads one page.
 */
import type { Diagnostic } from "../diagnostic.ts";

export interface DiagnosticPage {
  readonly code: string;
  /** `misspelt-directive` */
  readonly slug: string;
  readonly severity: Diagnostic["severity"];
  /** One sentence with `{placeholders}`. */
  readonly message: string;
  /** What to do, with the same placeholders. */
  readonly advice: string;
  /** The page below its front matter: why, a wrong example, a right one. */
  readonly body: string;
}

const SEVERITIES = ["error", "warning", "advice"] as const;

/** Throws on a page that is not whole: the generator runs at our desk, not at the user's. */
export function toPage(text: string): DiagnosticPage {
  const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text);
  if (match === null) throw new Error("a diagnostic page starts with front matter between two lines of ---");
  const fields = new Map((match[1] ?? "").split("\n").map(toField));
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined || value === "") throw new Error(`the page has no "${name}"`);
    return value;
  };
  const severity = SEVERITIES.find((known) => known === field("severity"));
  if (severity === undefined) throw new Error(`"${field("severity")}" is no severity`);
  return {
    code: field("code"),
    slug: field("slug"),
    severity,
    message: field("message"),
    advice: field("advice"),
    body: match[2] ?? "",
  };
}

/**
 * One `key: value` line. A YAML parser would be a dependency for five flat keys; the quotes YAML needs around a value
 * that starts with a quote or a brace are understood, nothing else is.
 */
function toField(line: string): [string, string] {
  const colon = line.indexOf(": ");
  if (colon < 0) throw new Error(`"${line}" is not "key: value"`);
  const raw = line.slice(colon + 2).trim();
  return [line.slice(0, colon), unquote(raw)];
}

function unquote(raw: string): string {
  if (raw.startsWith('"')) return String(JSON.parse(raw));
  if (raw.startsWith("'")) return raw.slice(1, -1).replaceAll("''", "'");
  return raw;
}
