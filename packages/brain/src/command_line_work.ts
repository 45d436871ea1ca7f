import { type Command, InvalidArgumentError, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

const JOBS_MAX = 1e9

/** The commands around the gate of a hub: measuring for it, and seeing what it found out. */
export function registerWork(program: Command, run: Run, services: Services): void {
  program
    .command("work")
    .description("measure for a hub: run what its gate is to decide by, and sign what came out")
    .option("--hub <url>", "whom for (default: BRAIN_HUB)")
    .option("--key <name>", "which of your keys signs")
    .option("--once", "end when there is nothing to do")
    .option("--jobs <n>", "end after so many jobs", jobs)
    .addOption(
      new Option("--referee <folder>", "sign with the key of the hub in its folder: `brain hub` does").conflicts("key"),
    )
    .addOption(new Option("--insecure", "speak plain http also to other machines"))
    .addOption(new Option("--json", "print a line of JSON for each job, for programs"))
    .action(({ insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/work.ts")).work({ ...options, isInsecure }, services)),
    )
  program
    .command("candidate")
    .description("what a hub found out about a push that has to pass its gate")
    .argument("<candidate>", "its number, or the name of a module: all of its candidates, with --wait the newest")
    .option("--from <hub>", "which hub (default: BRAIN_HUB)")
    .option("--wait", "until it is decided")
    .addOption(new Option("--insecure", "speak plain http also to other machines"))
    .addOption(new Option("--json", "print JSON, for programs"))
    .addHelpText("after", "\nExit code: 1 when it is refused or was overtaken, else 0.")
    .action((what, { insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/candidate.ts")).candidate(what, { ...options, isInsecure }, services)),
    )
}

function jobs(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= JOBS_MAX) return value
  throw new InvalidArgumentError(`It takes a whole number from 1 to ${JOBS_MAX}.`)
}
