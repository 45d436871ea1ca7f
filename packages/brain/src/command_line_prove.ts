import { type Command, InvalidArgumentError, Option } from "commander"
import { SEED_MAX } from "./benchmarks/benchmark.ts"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

/** The commands by which a new version proves that it is better, or does no harm. */
export function registerProving(program: Command, run: Run, services: Services): void {
  program
    .command("compare")
    .description("whether a new version may take the place of an old one, by the evidence of benchmarks")
    .argument("<old>", "a module or a brain: a folder, or a name in your store")
    .argument("<new>", "what is to take its place")
    .requiredOption("--on <benchmarks...>", "benchmarks: folders, or names in your store")
    .option("--in <brain>", "run both within a brain, in the place of a module")
    .option("--as <use>", "with --in: the `use` whose place they take")
    .option("--target <benchmark>", "the one to be better at (default: all by their weights)")
    .option("--simpler", "it is to be as good with 5 % fewer bytes or operations, no more")
    .option("--seed <n>", "another choice or order of items", whole(0, SEED_MAX), 1)
    .option("--items-max <n>", "items of each benchmark at most", whole(1, 2 ** 20))
    .addOption(new Option("--json", "print JSON, for programs"))
    .action((old, now, options) => {
      if ((options.in === undefined) !== (options.as === undefined))
        throw new InvalidArgumentError("--in and --as go together: compare OLD NEW --on SUITE --in BRAIN --as USE.")
      return run(async () => (await import("./commands/compare.ts")).compare(old, now, options, services))
    })
}

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
  }
