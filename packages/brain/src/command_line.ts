import { type Problem, Refusal, render, suggest } from "@open-brains/core/base/problem.ts"
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"
import { COLUMNS_MAX } from "./layout.ts"
import { ENGINES } from "./native/engines.ts"
import type { ExitCode, Services } from "./services.ts"
import { STAGES } from "./stage.ts"

export const GREETING = `Open Brains: small trained behaviours that you own.

  ./brain tour                              a minute's walk: ask, teach, correct
  ./brain teach examples/helpdesk/messages.csv --into desk
                                            teach a module from your own examples
  ./brain ask desk "where is my parcel"     ask it
  ./brain correct desk "is it on its way" parcel_status
                                            correct an answer; it counts at once
  ./brain lessons desk                      its corrections; the next teach learns them
  ./brain undo desk                         take the last correction back
  ./brain test desk                         how good it is, and what it confuses
  ./brain show desk                         what it is made of
  ./brain rebuild desk                      build it again and compare, bit for bit
  ./brain explain --stage ir desk           what it becomes between graph and machine
  ./brain doctor                            what this machine has to run it with

Every command takes --json and --help.`

/** Runs the words of a command line. A person's mistake is told once, here; a bug of ours is thrown on. */
export async function runCommandLine(words: readonly string[], services: Services): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = commands(services, async (work) => {
    code = await work()
  })
  try {
    const known = program.commands.map((command) => command.name())
    const [first = "", ...rest] = words
    const asked = first === "help" ? [...rest, "--help"] : words
    if (first !== "" && first !== "help" && !first.startsWith("-") && !known.includes(first))
      return tell(2, [misuse(`There is no command \`${first}\`.`, suggest(first, known))], words, services)
    await program.parseAsync([...asked], { from: "user" })
    return code
  } catch (error) {
    services.progress(undefined)
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? 0 : tell(2, [misuseOf(error, words, program)], words, services)
    if (error instanceof Refusal) return tell(1, error.problems, words, services)
    throw error
  }
}

function tell(
  code: ExitCode,
  problems: readonly Problem[],
  words: readonly string[],
  { print, complain }: Services,
): ExitCode {
  if (words.includes("--json")) print(JSON.stringify({ problems: problems.map(({ span: _, ...rest }) => rest) }))
  complain(problems.map(render).join("\n\n"))
  return code
}

const misuse = (seen: string, hint: string): Problem => ({ code: "OB500", seen, hint })
/** What commander says, as a problem: its second line is a suggestion. */
function misuseOf({ message }: CommanderError, words: readonly string[], program: Command): Problem {
  const [what = "", nearest] = message.replace(/^error: /, "").split("\n")
  const seen = what.slice(0, 1).toUpperCase() + what.slice(1)
  const command = program.commands.find((each) => each.name() === words[0])?.name()
  const help = `See: brain ${command === undefined ? "" : `${command} `}--help`
  const hint = nearest === undefined ? help : `${nearest.replace(/[()]/g, "")} ${help}`
  return misuse(seen.endsWith(".") ? seen : `${seen}.`, hint)
}

type Run = (work: () => Promise<ExitCode>) => Promise<void>

/** Each command's code is loaded when it is called: an answer should not wait for what it does not need. */
function commands(services: Services, run: Run): Command {
  const program = new Command("brain")
    .description("Small trained behaviours that you own.")
    .version("0.0.0")
    .exitOverride()
    .configureHelp({ helpWidth: COLUMNS_MAX })
    .configureOutput({ writeOut: (text) => services.print(text.trimEnd()), writeErr: () => undefined })
    .action(() => services.print(GREETING))
  const json = (): Option => new Option("--json", "print JSON, for programs")
  const engine = (): Option =>
    new Option("--engine <name>", "what runs it; each gives the same bits").choices(ENGINES).default("auto")
  const column = (name: string): Option => new Option(`--${name} <name>`, `column that holds the ${name}`)
  program
    .command("tour")
    .description("see in a minute what this is: ask, teach, correct")
    .addOption(json())
    .action((options) => run(async () => (await import("./commands/tour.ts")).tour(options, services)))
  program
    .command("teach")
    .description("teach a module from examples: CSV, TSV or JSONL with a text and a label each")
    .argument("<files...>", "files of examples, or modules whose examples are taken along")
    .requiredOption("--into <folder>", "the folder to write the module into")
    .option("--test <file>", "examples for the final score; else some are held out")
    .option("--base <folder>", "a module to learn on from, or none (default: modules/intent)")
    .option("--name <name>", "the module's name (default: that of the folder)")
    .option("--about <text>", "what it is, in a line")
    .option("--licence <spdx>", "its licence")
    .addOption(column("text"))
    .addOption(column("label"))
    .option("--seed <n>", "another draw of the random numbers", wholeNumber(0), 1)
    .addOption(engine())
    .option("--replace", "teach the new examples alone, even where labels of the module that is there vanish")
    .addOption(json())
    .action((files, options) => run(async () => (await import("./commands/teach.ts")).teach(files, options, services)))
  program
    .command("ask")
    .description("answer a text, or each line of standard input (lines of JSON too)")
    .argument("<module>", "folder of the module")
    .argument("[text...]", "the text")
    .option("--top <n>", "how many labels to rank", wholeNumber(1), 3)
    .addOption(engine())
    .addOption(json())
    .action((path, words, options) =>
      run(async () => (await import("./commands/ask.ts")).ask(path, words, options, services)),
    )
  program
    .command("correct")
    .description("say which label a text should get: it counts at once, and is learnt at the next teach")
    .argument("<module>", "folder of the module")
    .argument("<text>", "the text")
    .argument("<label>", "its label, also a new one; or unsure, when none fits")
    .addOption(json())
    .action((path, text, label, options) =>
      run(async () => (await import("./commands/correct.ts")).correct(path, text, label, options, services)),
    )
  program
    .command("lessons")
    .description("the corrections of a module, and which of them count")
    .argument("<module>", "folder of the module")
    .addOption(json())
    .action((path, options) =>
      run(async () => (await import("./commands/correct.ts")).lessons(path, options, services)),
    )
  program
    .command("undo")
    .description("take a correction back, as if it had never been made")
    .argument("<module>", "folder of the module")
    .argument("[n]", "number of the lesson (default: the last one)", wholeNumber(1))
    .addOption(json())
    .action((path, lesson, options) =>
      run(async () => (await import("./commands/correct.ts")).undo(path, lesson, options, services)),
    )
  program
    .command("test")
    .description("score a module on examples that it has not seen")
    .argument("<module>", "folder of the module")
    .argument("[file]", "examples (default: those it held out)")
    .addOption(column("text"))
    .addOption(column("label"))
    .addOption(engine())
    .addOption(json())
    .action((path, file, options) =>
      run(async () => (await import("./commands/test.ts")).test(path, file, options, services)),
    )
  program
    .command("rebuild")
    .description("build a module's weights again and compare their digest")
    .argument("<module>", "folder of the module")
    .option("--base <folder>", "the base that it learnt on from (default: modules/intent)")
    .addOption(json())
    .action((path, options) =>
      run(async () => (await import("./commands/rebuild.ts")).rebuild(path, options, services)),
    )
  program
    .command("show")
    .description("what a module takes, gives and is made of")
    .argument("<module>", "folder of the module")
    .addOption(json())
    .action((path, options) => run(async () => (await import("./commands/show.ts")).show(path, options, services)))
  program
    .command("explain")
    .description("what a module becomes on its way to the machine")
    .argument("<module>", "folder of the module")
    .addOption(new Option("--stage <stage>", "which form of it").choices(STAGES).makeOptionMandatory())
    .addOption(json())
    .action((path, options) =>
      run(async () => (await import("./commands/explain.ts")).explain(path, options, services)),
    )
  program
    .command("doctor")
    .description("which engines this machine has, why not the others, and what they reach")
    .addOption(json())
    .action((options) => run(async () => (await import("./commands/doctor.ts")).doctor(options, services)))
  return program
}

const SEED_MAX = 2 ** 31 - 1
const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= SEED_MAX) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${SEED_MAX}.`)
  }
