/**
 * Makes a failing program smaller: leaves out lines, or whole blocks by their indentation, as long as it still fails.
 * Limit: 400 tries.
 */
export async function reduceProgram(
  source: string,
  isBad: (source: string) => Promise<boolean>,
): Promise<string> {
  let lines = source.split("\n");
  let tries = 400;
  for (let smaller = true; smaller && tries > 0;) {
    smaller = false;
    for (let at = 0; at < lines.length && tries > 0; at++) {
      for (const candidate of [withoutBlock(lines, at), unwrapped(lines, at)]) {
        if (candidate === null || tries-- <= 0) continue;
        if (!(await isBad(candidate.join("\n")))) continue;
        lines = candidate;
        smaller = true;
        at--;
        break;
      }
    }
  }
  return lines.join("\n");
}

function indent(line: string): number {
  return line.length - line.trimStart().length;
}

/** The line after the block that starts at `at`. */
function endOfBlock(lines: readonly string[], at: number): number {
  const own = indent(lines[at] ?? "");
  let end = at + 1;
  while (end < lines.length && (indent(lines[end] ?? "") > own || /^\s*\}/.test(lines[end] ?? ""))) {
    if (indent(lines[end] ?? "") < own) break;
    end++;
  }
  return end;
}

function withoutBlock(lines: readonly string[], at: number): string[] | null {
  const line = lines[at] ?? "";
  if (/^\s*\}/.test(line) || line.trim() === "" || line.includes("use durable")) return null;
  const opens = /\{\s*$/.test(line);
  return [...lines.slice(0, at), ...lines.slice(opens ? endOfBlock(lines, at) : at + 1)];
}

/** The block's content without what is around it. */
function unwrapped(lines: readonly string[], at: number): string[] | null {
  const line = lines[at] ?? "";
  if (!/\{\s*$/.test(line) || /^\s*\}/.test(line)) return null;
  const end = endOfBlock(lines, at);
  const inner = lines
    .slice(at + 1, end)
    .filter((kept) => !(indent(kept) === indent(line) && /^\s*\}/.test(kept)));
  return [...lines.slice(0, at), ...inner, ...lines.slice(end)];
}
