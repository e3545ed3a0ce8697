import type { ResumeReport } from "./load.ts";

/** How many are kept. */
const REPORTS_MAX = 1_000;

/** What was read to bring executions back, of those that were brought back last. */
export class ResumeReports {
  private readonly reports = new Map<string, ResumeReport>();

  keep(id: string, report: ResumeReport): void {
    this.reports.delete(id);
    this.reports.set(id, report);
    // A Map keeps its order.
    if (this.reports.size > REPORTS_MAX) this.reports.delete(this.reports.keys().next().value!);
  }

  of(id: string): ResumeReport | null {
    return this.reports.get(id) ?? null;
  }
}
