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
    .addOption(
      new Option("--only <part>", "of a scribe: make its primer alone, or its net, which takes minutes").choices([
        "primer",
        "net",
      ]),
    )
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

/** `brain rebuild MODULE`: the same again; with other data, a candidate. */
export function registerRebuild(program: Command, run: Run, services: Services): void {
  program
    .command("rebuild")
    .description("build a module's weights again and compare their digest; or from other data, as a candidate")
    .argument(
      "[modules...]",
      "folder of the module; with --into nets and brains (default: what in your store learnt from the data)",
    )
    .option("--base <folder>", "the base that it learnt on from (default: modules/intent)")
    .option("--data <set>", "data set that it learnt from (default: that of its name); with --into, other data")
    .option("--into <folder>", "build a candidate from other data by the same recipe, and compare both")
    .option("--write", "of a scribe: put what its recipe gives in the place of what is there")
    .addOption(
      new Option("--only <part>", "of a scribe: make its primer alone, or its net, which takes minutes").choices([
        "primer",
        "net",
      ]),
    )
    .option("--on <benchmarks...>", "with --into: what both are compared on, beside what the data hold out")
    .addOption(new Option("--offline", "do not ask the network for a data set"))
    .addOption(json())
    .addHelpText("after", "\nExit code: 0 when it is the same, or every candidate is accepted; 1 when not.")
    .action((modules, options, command: Command) => {
      if (options.into !== undefined && options.data === undefined)
        command.error("error: --into takes what is built from other data: name them, --data SET.")
      if (options.into === undefined && options.on !== undefined)
        command.error("error: --on compares a candidate: say where it goes, --into FOLDER.")
      if (options.into === undefined && modules.length !== 1)
        command.error(`error: ${modules.length === 0 ? "missing required argument 'module'" : "one module at a time"}.`)
      return run(async () => {
        const scribe =
          options.into === undefined ? await (await import("./scribe/find.ts")).findScribe(modules[0]) : undefined
        if (scribe)
          return (await import("./commands/rebuild_scribe.ts")).rebuildScribe(modules[0], scribe, options, services)
        if (options.write || options.only) command.error("error: --write and --only are of scribes.")
        return options.into === undefined
          ? (await import("./commands/rebuild.ts")).rebuild(modules[0], options, services)
          : (await import("./commands/rebuild_on.ts")).rebuildOn(modules, options, services)
      })
    })
}
