import type { ExecutionState } from "@durablec/runtime";
import { formatValue } from "./value.ts";

/** What an execution is doing now, for people: each function under way with its variables, then what is waited for. */
export function formatState(state: ExecutionState, colors: boolean): string[] {
  const lines = [`${state.id}  after event ${state.events}${state.paused ? ", paused" : ""}`];
  for (const { function: name, source, checkpoint, variables } of state.activations) {
    lines.push("", `${name}  ${source.file}:${source.line}, checkpoint ${checkpoint}`);
    for (const [variable, value] of Object.entries(variables))
      lines.push(`  ${variable} = ${formatValue(value, colors)}`);
  }
  if (state.operations.length > 0) lines.push("", "waits for");
  for (const { kind, name, at, dueAt, callbackId, child } of state.operations) {
    const parts = [
      kind,
      name,
      at,
      dueAt === undefined ? undefined : new Date(dueAt).toISOString(),
      callbackId,
      child,
    ];
    lines.push(`  ${parts.filter((part) => part !== undefined).join("  ")}`);
  }
  const kept = Object.entries(state.signals).map(([name, count]) => `${name} (${count})`);
  if (kept.length > 0) lines.push("", `signals nobody has asked for yet: ${kept.join(", ")}`);
  return lines;
}
