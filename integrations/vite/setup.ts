/** Runs in each test's process before the tests: gives `expect` the matchers. */
import { expect } from "vitest";
import { toBeWaitingFor, toHaveFailedWith, toHaveRunStep, toHaveSucceededWith } from "./matchers.ts";

expect.extend({ toBeWaitingFor, toHaveFailedWith, toHaveRunStep, toHaveSucceededWith });
