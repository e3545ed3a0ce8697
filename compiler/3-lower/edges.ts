/** The ways out of a block. */
import type { Block, BlockId, Code, Terminator } from "../ir.ts";

/** All blocks that control can reach next: at the end, out of the middle by a jump, by an exception. */
export function successorsOf(block: Block): readonly BlockId[] {
  const jumps = block.body.flatMap(({ code }) => jumpsIn(code));
  const thrown = block.handler === null ? [] : [block.handler.to];
  return [...targetsOf(block.end), ...jumps, ...jumpsIn(codeOf(block.end)), ...thrown];
}

export function targetsOf(end: Terminator): readonly BlockId[] {
  switch (end.kind) {
    case "goto":
      return [end.to];
    case "branch":
      return [end.yes, end.no];
    case "await":
      return [end.resume];
    case "complete":
      return end.targets.map(({ to }) => to);
    case "return":
    case "throw":
      return [];
  }
}

/** The code that a terminator evaluates. */
export function codeOf(end: Terminator): Code {
  switch (end.kind) {
    case "branch":
      return end.test;
    case "await":
    case "throw":
      return end.value;
    case "return":
      return end.value ?? [];
    case "complete":
      return [{ kind: "read", variable: end.completion, at: -1 }];
    case "goto":
      return [];
  }
}

export function jumpsIn(code: Code): readonly BlockId[] {
  return code.flatMap((piece) => (piece.kind === "jump" ? [piece.to] : []));
}
