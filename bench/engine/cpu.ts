/** CPU time of processes, as Linux counts it: in hundredths of a second. */
import { readdirSync, readFileSync } from "node:fs";

const TICK_MS = 10;

/** Fields from the third on: what stands before may hold spaces. */
function statOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

export function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

/** Milliseconds in user and kernel mode; 0 of one that has ended. */
export function cpuMs(pid: number): number {
  const stat = statOf(pid);
  return TICK_MS * (Number(stat[11] ?? 0) + Number(stat[12] ?? 0));
}

/** Of a process, its children, and its children that have ended. */
export function treeCpuMs(pid: number): number {
  const stat = statOf(pid);
  const ended = TICK_MS * (Number(stat[13] ?? 0) + Number(stat[14] ?? 0));
  const children = readdirSync("/proc")
    .map(Number)
    .filter((one) => one > 0 && parentOf(one) === pid);
  return ended + cpuMs(pid) + children.reduce((sum, child) => sum + cpuMs(child), 0);
}
