/** A machine as text for people: blocks, checkpoints, live variables. What `durablec show` prints between passes. */
import type { Block, Checkpoint, Code, Machine, Terminator } from "../ir.ts";

export function printMachine(machine: Machine, source: string): string {
  const { id, variables, checkpoints, blocks, closures } = machine;
  const lines = [
    `machine ${id}`,
    `  variables ${variables.map(({ name, kind, boxed }) => `${name}: ${boxed ? "boxed " : ""}${kind}`).join(", ")}`,
    ...checkpoints.map((checkpoint) => `  ${printCheckpoint(checkpoint)}`),
    ...blocks.flatMap((block) => printBlock(block, source)),
    ...closures.flatMap(({ id: closure, captures, code, machine: inner }) =>
      inner === null
        ? [
            `  closure ${closure} captures [${captures.map(({ name }) => name).join(", ")}]`,
            `    ${printCode(code, source)}`,
          ]
        : printMachine(inner, source)
            .split("\n")
            .map((line) => `  ${line}`),
    ),
  ];
  return lines.join("\n");
}

function printCheckpoint({ number, kind, name, awaited, live }: Checkpoint): string {
  const what = [kind, name === null ? "" : JSON.stringify(name), awaited ? "" : "(not awaited)"].filter(
    Boolean,
  );
  return `checkpoint ${number} ${what.join(" ")} live [${live.map((variable) => variable.name).join(", ")}]`;
}

function printBlock({ id, body, end, handler }: Block, source: string): readonly string[] {
  const caught = handler === null ? "" : ` catch ${handler.error.name} -> ${handler.to}`;
  return [
    `  block ${id}${caught}`,
    ...body.map(({ code }) => `    ${printCode(code, source)}`),
    `    ${printTerminator(end, source)}`,
  ];
}

function printTerminator(end: Terminator, source: string): string {
  switch (end.kind) {
    case "goto":
      return `goto ${end.to}`;
    case "branch":
      return `if ${printCode(end.test, source)} goto ${end.yes} else ${end.no}`;
    case "await":
      return `await ${end.checkpoint} on ${printCode(end.value, source)}, ${end.result?.name ?? "nothing"} in ${end.resume}`;
    case "return":
      return `return ${end.value === null ? "" : printCode(end.value, source)}`;
    case "throw":
      return `throw ${printCode(end.value, source)}`;
    case "complete":
      return `complete ${end.completion.name}: ${end.targets.map(({ when, to }) => `${when} -> ${to}`).join(", ")}`;
  }
}

function printCode(code: Code, source: string): string {
  const printed = code.map((piece) => {
    switch (piece.kind) {
      case "text":
        return piece.text;
      case "source":
        return source.slice(piece.start, piece.end);
      case "read":
        return piece.variable.boxed && piece.whole !== true
          ? `${piece.variable.name}.v`
          : piece.variable.name;
      case "write":
        if (piece.silent === true) return "";
        return piece.variable.boxed && piece.whole !== true
          ? `${piece.variable.name}.v`
          : piece.variable.name;
      case "jump":
        return `goto ${piece.to};`;
    }
  });
  return printed.join("").replaceAll(/\s*\n\s*/g, " ");
}
