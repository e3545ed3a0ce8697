/** What `durablec show --pass` can print after, in the order of the pipeline. Apart, so that `--help` loads no compiler. */
export const passes = ["read", "check", "lower", "simplify", "liveness", "print", "emit"] as const;
