import { type Command, InvalidArgumentError, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

const PORT_MAX = 65535
const VERIFIERS_MAX = 32

/** `brain hub`: a program of its own, which is started here. */
export function hubCommand(
  program: Command,
  services: Services,
  run: (work: () => Promise<ExitCode>) => Promise<void>,
): void {
  program
    .command("hub")
    .description("run a place where modules are shared: a registry with signed pushes, search and the jobs of the gate")
    .option("--folder <folder>", "where it keeps everything", "hub")
    .option("--port <port>", "0 takes any that is free", whole(0, PORT_MAX), "7464")
    .option("--host <host>", "whom it listens for (default: this machine alone)")
    .option("--database <url>", "keep tables in PostgreSQL: postgres://USER@HOST/NAME (default: SQLite in the folder)")
    .option(
      "--verifiers <n>",
      "so many workers measure what a candidate of the gate does (default: 3)",
      whole(1, VERIFIERS_MAX),
    )
    .option("--anonymous", "whoever has no key may push in namespaces that nobody owns")
    .option("--no-anonymous", "nobody may")
    .addOption(new Option("--json", "print one line of JSON when it listens"))
    .action((options) => run(async () => (await import("./commands/hub.ts")).hub(options, services)))
}

/** What the hub is told, which takes it as it is written. */
const whole =
  (least: number, most: number) =>
  (text: string): string => {
    if (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= most) return text
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
  }
