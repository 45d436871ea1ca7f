/** A vitest reporter that leaves the counts, the failures' names and the skips' reasons for `check.ts` to print. */
import { writeFileSync } from "node:fs"
import type { Reporter, TestModule } from "vitest/node"

export type TestReport = {
  readonly passed: number
  /** Full names; the messages are printed by vitest's own reporter. */
  readonly failed: readonly string[]
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
}

export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { readonly message?: string }[]): void {
    const path = process.env.BRAIN_CHECK_REPORT
    if (path !== undefined) writeFileSync(path, JSON.stringify(summarise(modules, unhandled)))
  }
}

export function summarise(
  modules: readonly TestModule[],
  unhandled: readonly { readonly message?: string }[],
): TestReport {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  // A file that cannot be imported or a hook that throws has no test of its own to fail.
  const broken = modules.flatMap((module) =>
    [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0),
  )
  return {
    passed: tests.filter((test) => test.result().state === "passed").length,
    failed: [
      ...tests.filter((test) => ["failed", "pending"].includes(test.result().state)).map(fullName),
      ...broken.map((suite) => (suite.type === "module" ? suite.relativeModuleId : fullName(suite))),
      ...unhandled.map((error) => `outside of any test: ${error.message ?? "unknown error"}`),
    ],
    skipped: tests.flatMap((test) => {
      const result = test.result()
      return result.state === "skipped" ? [{ name: fullName(test), reason: result.note ?? "no reason given" }] : []
    }),
  }
}

const fullName = (task: { readonly fullName: string; readonly module: TestModule }): string =>
  `${task.module.relativeModuleId} > ${task.fullName}`
