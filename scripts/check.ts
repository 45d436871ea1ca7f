/** `./check`: lint, types and tests, each with its time, and one last line of counts. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import type { TestReport } from "./reporter.ts"
import { mirror, repository } from "./testing.ts"
import { setUpToolchains } from "./toolchains.ts"

const USAGE = `Usage: ./check                                    everything: lint, types, all tests
       ./check quick                              lint, types and the fast tests
       ./check bench NAME [--json] [--quick] ...  one benchmark of bench/`

const packages = join(repository, "node_modules")
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  // Tests that start `node` must get this one, not an older one of the machine.
  PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
  ...(mirror() === undefined ? {} : { BRAIN_MIRROR: mirror() }),
  // vitest colours even what goes into a file or a pipe.
  ...(process.stdout.isTTY || process.env.FORCE_COLOR !== undefined ? {} : { NO_COLOR: "1" }),
}

function main(words: readonly string[]): number {
  const [mode, ...rest] = words
  if (mode === "bench" && rest[0] !== undefined && !rest[0].startsWith("-")) return bench(rest[0], rest.slice(1))
  if (mode === "--help" && rest.length === 0) {
    console.log(USAGE)
    return 0
  }
  if ((mode === undefined || mode === "quick") && rest.length === 0) return check(mode === "quick")
  console.error(USAGE)
  if (mode === "bench") console.error(`Benchmarks: ${benchmarks().join(", ") || "none yet"}`)
  return 2
}

function check(quick: boolean): number {
  if (!quick)
    step("set up", () => {
      setUpToolchains()
      return NOTHING
    })
  const reports = [
    step("lint", () => program("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "--colors=off"])),
    step("types", () => program("types", "typescript/bin/tsc", ["--pretty", "false"])),
    step("types of core", () =>
      program("types of core", "typescript/bin/tsc", ["--pretty", "false", "-p", "packages/core"]),
    ),
    step("tests", () => tests(quick)),
  ]
  const skipped = reports.flatMap((report) => report.skipped)
  const failed = reports.flatMap((report) => report.failed)
  const passed = reports.reduce((sum, report) => sum + report.passed, 0)
  if (skipped.length > 0)
    console.log(`\nSkipped:\n${skipped.map(({ name, reason }) => `  ${name}: ${reason}`).join("\n")}`)
  if (failed.length > 0) console.log(`\nFailed:\n${failed.map((name) => `  ${name}`).join("\n")}`)
  console.log(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
  return failed.length === 0 ? 0 : 1
}

const NOTHING: TestReport = { passed: 0, failed: [], skipped: [] }

function step(name: string, work: () => TestReport): TestReport {
  const start = performance.now()
  const report = work()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${name.padEnd(14)} ${seconds.padStart(6)} s  ${report.failed.length === 0 ? "ok" : "FAILED"}`)
  return report
}

/** A tool that says nothing worth reading unless it fails. */
function program(name: string, path: string, words: readonly string[]): TestReport {
  const result = spawnSync(process.execPath, [join(packages, path), ...words], {
    cwd: repository,
    env: environment,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  })
  if (result.status === 0) return { ...NOTHING, passed: 1 }
  console.log([result.error?.message, result.stdout, result.stderr].filter(Boolean).join("\n").trimEnd())
  return { ...NOTHING, failed: [name] }
}

function tests(quick: boolean): TestReport {
  const folder = join(repository, ".cache")
  const path = join(folder, `tests-${process.pid}.json`)
  mkdirSync(folder, { recursive: true })
  // A forgotten `test.only` would pass by leaving the others out.
  const words = ["run", "--reporter=default", "--reporter=./scripts/reporter.ts", "--allowOnly=false"]
  if (quick) words.push("--exclude=**/*.slow.test.ts")
  const result = spawnSync(process.execPath, [join(packages, "vitest/vitest.mjs"), ...words], {
    cwd: repository,
    env: { ...environment, BRAIN_CHECK_REPORT: path },
    stdio: "inherit",
  })
  if (!existsSync(path)) return { ...NOTHING, failed: [`tests: vitest ended with ${result.signal ?? result.status}`] }
  const report: TestReport = JSON.parse(readFileSync(path, "utf8"))
  rmSync(path)
  if (result.status === 0 || report.failed.length > 0) return report
  return { ...report, failed: [`tests: vitest ended with ${result.signal ?? result.status}`] }
}

function bench(name: string, words: readonly string[]): number {
  const path = benchmarkPath(name)
  if (path === undefined) {
    console.error(`There is no benchmark "${name}". Benchmarks: ${benchmarks().join(", ") || "none yet"}`)
    return 2
  }
  setUpToolchains(name)
  const result = spawnSync(process.execPath, [path, ...words], { cwd: repository, env: environment, stdio: "inherit" })
  return result.status ?? 1
}

function benchmarks(): readonly string[] {
  const names = readdirSync(join(repository, "bench")).map((name) => name.replace(/\.ts$/, ""))
  return [...new Set(names)].filter((name) => benchmarkPath(name) !== undefined).sort()
}

/** `bench/NAME.ts`, or `bench/NAME/main.ts` for one of several files. */
function benchmarkPath(name: string): string | undefined {
  if (!/^\w[\w-]*$/.test(name)) return undefined
  return [`${name}.ts`, `${name}/main.ts`].map((path) => join(repository, "bench", path)).find(existsSync)
}

process.exitCode = main(process.argv.slice(2))
