import { type Command, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

const json = (): Option => new Option("--json", "print JSON, for programs")
const insecure = (): Option => new Option("--insecure", "speak plain http also to other machines")
const from = (): Option => new Option("--from <place>", "a folder, a registry or a hub (default: BRAIN_HUB)")

/** The commands by which a person keeps up with what others push. */
export function registerUpdating(program: Command, run: Run, services: Services): void {
  program
    .command("update")
    .description("take newer modules that a brain uses by name, each if the brain is at least as good with it")
    .argument("<brain>", "a file .brain, or the folder of one, with its lock")
    .argument("[modules...]", "only these: acme/intent (default: all that the lock pins)")
    .option("--on <benchmarks...>", "what it is judged by, beside its own benchmarks and its private ones")
    .addOption(from())
    .option("--dry-run", "try all, and change nothing")
    .option("--yes", "do not ask")
    .addOption(insecure())
    .addOption(json())
    .addHelpText(
      "after",
      "\nExit code: 0 when all that was tried was taken or nothing is newer, 1 when something was refused.",
    )
    .action((brain, modules, { insecure: isInsecure, ...options }) =>
      run(async () =>
        (await import("./commands/update.ts")).update(brain, modules, { ...options, isInsecure }, services),
      ),
    )
  program
    .command("wishes")
    .description("benchmarks that nothing passes: what people wish for")
    .addOption(from())
    .addOption(insecure())
    .addOption(json())
    .action(({ insecure: isInsecure, ...options }) =>
      run(async () => (await import("./commands/wishes.ts")).wishes({ ...options, isInsecure }, services)),
    )
}
