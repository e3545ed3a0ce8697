/** What `--status` takes. */
export const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"] as const;

export type Status = (typeof STATUSES)[number];
