export type Directive = "use durable" | "use step";

const DIRECTIVES: readonly Directive[] = ["use durable", "use step"];

/** Directives of others: never a misspelling of ours, however near. */
const FOREIGN = new Set([
  "use strict",
  "use asm",
  "use client",
  "use server",
  "use cache",
  "use memo",
  "use workflow",
]);

/** How many letters may be wrong. "use step" is short: two wrong letters already reach words that mean something else. */
const ERRORS_MAX: Readonly<Record<Directive, number>> = { "use durable": 2, "use step": 1 };

/** True only for the exact text, as for every JavaScript directive. */
export function isDirective(text: string): text is Directive {
  return DIRECTIVES.some((directive) => directive === text);
}

/** The directive that `text` was meant to be, if it is a misspelt one: "use durables", "use-durable", "Use Durable". */
export function findMeantDirective(text: string): Directive | null {
  if (isDirective(text) || FOREIGN.has(text) || text.length > 40) return null;
  const words = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_:;.-]+/g, " ")
    .trim();
  if (FOREIGN.has(words)) return null;
  if (words === "durable" || words.startsWith("use durab")) return "use durable";
  return DIRECTIVES.find((directive) => countEdits(words, directive) <= ERRORS_MAX[directive]) ?? null;
}

/** Letters to insert, delete, replace or swap with their neighbour to turn one text into the other. */
function countEdits(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= from.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(from.length, to.length);
}
