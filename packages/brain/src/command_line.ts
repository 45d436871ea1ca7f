import { existsSync } from "node:fs"
import { type Problem, Refusal, render, suggest } from "@open-brains/core/base/problem.ts"
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"
import { registerBoards } from "./command_line_boards.ts"
import { hubCommand } from "./command_line_hub.ts"
import { explainOptions, explainsScribe, registerScribe } from "./command_line_predict.ts"
import { registerProving } from "./command_line_prove.ts"
import { teachScribeIf } from "./command_line_scribe.ts"
import { registerSharing, registerShow } from "./command_line_share.ts"
import { registerRebuild, registerUpdating } from "./command_line_update.ts"
import { registerWork } from "./command_line_work.ts"
import { COLUMNS_MAX } from "./layout.ts"
import { ENGINES } from "./native/engines.ts"
import type { ExitCode, Services } from "./services.ts"
import { parseSize } from "./size.ts"
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
  ./brain data                              published data sets that it can be taught from
  ./brain rebuild desk                      build it again and compare, bit for bit
  ./brain explain desk "where is my parcel" why it answered: what each word spoke for
  ./brain doctor                            what this machine has to run it with

Modules are wired to a brain, in a file of a small language: examples/helpdesk/module.brain

  ./brain check examples/helpdesk           every mistake in it at once, before anything runs
  ./brain ask examples/helpdesk "where is my parcel"
                                            ask it
  ./brain trace examples/helpdesk "my parcel"
                                            what each part was asked, answered and took
  ./brain graph examples/helpdesk           draw it
  ./brain why examples/helpdesk reply       where a value comes from
  ./brain fmt examples/helpdesk             write it as everybody writes it
  ./brain lock examples/helpdesk            keep to the modules that it uses now
  ./brain diff examples/helpdesk examples/helpdesk
                                            what changed between two, and in their answers

Modules are shared by name, signed, in a folder, a registry or a hub: docs/manual/commons/share.md

  ./brain key new                           a key that signs what you push
  ./brain push desk acme/desk --to ../shelf
                                            give it to others: here a folder, shelf
  ./brain add acme/desk --from ../shelf     take one: what it is, and who signed it
  ./brain pull acme/desk --into mine --from ../shelf
                                            the same, as a folder of your own
  ./brain list                              what is in your store
  ./brain compare desk mine --on examples/benchmarks/messages
                                            whether a new version is better, and harms nothing
  ./brain rm acme/desk                      take it out of your store

A scribe foretells text, and learns while it reads; none is one that has learnt nothing

  ./brain generate none "where is" --learn examples/helpdesk/messages.csv
                                            let it go on from a text
  ./brain write none letter.txt             write, and see how it would go on
  ./brain pack none examples/helpdesk/messages.csv --out messages.brain-pack
                                            make a file as small as it foretells it well
  ./brain unpack none messages.brain-pack --out messages.csv
                                            and what it was before
  ./brain worth none --on messages.csv --bytes 10KB
                                            what each of its experts brings, and costs
  ./brain explain none "a cat and a cat"    why it expected the last byte as it did

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
    const [second = ""] = rest
    const under = program.commands.find((each) => each.name() === first)?.commands.map((each) => each.name()) ?? []
    if (under.length > 0 && second !== "" && !second.startsWith("-") && ![...under, "help"].includes(second))
      return tell(2, [misuse(`There is no command \`${first} ${second}\`.`, suggest(second, under))], words, services)
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

/** A path, or where a module of the store lies, by its name. */
const placed = async (path: string): Promise<string> =>
  existsSync(path) ? path : (await import("./brains/named.ts")).moduleAt(path)

const isScribe = async (path: string): Promise<boolean> =>
  (await (await import("./scribe/find.ts")).findScribe(path)) !== undefined

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
  const offline = (): Option => new Option("--offline", "do not ask the network for a data set")
  const data = (): Option =>
    new Option("--data <set>", "data set that it learnt from, by name or folder (default: that of its name)")
  /** How the parts of a brain may be asked that are elsewhere. */
  const remote = (command: Command): Command =>
    command
      .option("--allow-remote", "let a brain ask its remote parts; else they give nothing")
      .option("--record <file>", "add what remote parts answer to a file")
      .addOption(new Option("--replay <file>", "take what remote parts answer from such a file").conflicts("record"))
  const column = (name: string): Option => new Option(`--${name} <name>`, `column that holds the ${name}`)
  program
    .command("tour")
    .description("see in a minute what this is: ask, teach, correct")
    .addOption(json())
    .action((options) => run(async () => (await import("./commands/tour.ts")).tour(options, services)))
  program
    .command("teach")
    .description(
      "teach a module from examples: CSV, TSV, JSON or fastText with a text and a label each; or a scribe texts: teach SCRIBE TEXT…",
    )
    .argument(
      "<files...>",
      "files of examples, data sets, or modules whose examples are taken along; or a scribe and texts",
    )
    .option("--into <folder>", "the folder to write the module into; of a scribe, where a copy goes that learns")
    .option("--memory <size>", "of a scribe: bytes of tables for the copy, such as 16MB")
    .option("--test <file>", "examples for the final score; else some are held out")
    .option("--base <folder>", "a module to learn on from, or none (default: modules/intent)")
    .option("--name <name>", "the module's name (default: that of the folder)")
    .option("--about <text>", "what it is, in a line")
    .option("--licence <spdx>", "its licence")
    .addOption(column("text"))
    .addOption(column("label"))
    .option("--wrong-costs <n>", "a wrong answer costs so many times a needless `unsure`", cost)
    .option("--seed <n>", "another draw of the random numbers", wholeNumber(0), 1)
    .option("--max-size <size>", "bytes of weights at most, such as 30KB: the best net within them", size)
    .option("--svg <file>", "with --max-size: a plot of what each size gives")
    .addOption(engine())
    .option("--replace", "teach the new examples alone, even where labels of the module that is there vanish")
    .addOption(offline())
    .addOption(json())
    .action((files, options, command: Command) => {
      if (options.svg !== undefined && options.maxSize === undefined)
        throw new InvalidArgumentError("--svg draws what --max-size tries: name a size too, such as --max-size 30KB.")
      return run(
        async () =>
          (await teachScribeIf(files, options, command, services)) ??
          (await import("./commands/teach.ts")).teach(files, options, services),
      )
    })
  remote(program.command("ask"))
    .description("answer a text, or each line of standard input (lines of JSON too)")
    .argument("<module>", "folder of the module, a brain, or a name of your store: acme/intent")
    .argument("[text...]", "the text; of a brain with several inputs one word each")
    .option("--top <n>", "how many labels to rank", wholeNumber(1), 3)
    .addOption(engine())
    .addOption(json())
    .action((path, words, options) =>
      run(async () => (await import("./commands/ask.ts")).ask(await placed(path), words, options, services)),
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
    .description("the corrections of a module, and which of them count; or what a scribe was taught")
    .argument("<module>", "folder of the module, or a scribe")
    .addOption(json())
    .action((path, options) =>
      run(async () =>
        (await isScribe(path))
          ? (await import("./commands/teach_scribe.ts")).scribeLessons(path, options, services)
          : (await import("./commands/correct.ts")).lessons(path, options, services),
      ),
    )
  program
    .command("undo")
    .description("take a correction back, or what a scribe was taught last, as if it had never been")
    .argument("<module>", "folder of the module, or a scribe")
    .argument("[n]", "number of the lesson (default: the last one)", wholeNumber(1))
    .addOption(json())
    .action((path, lesson, options) =>
      run(async () =>
        (await isScribe(path))
          ? (await import("./commands/teach_scribe.ts")).undoScribe(path, lesson, options, services)
          : (await import("./commands/correct.ts")).undo(path, lesson, options, services),
      ),
    )
  program
    .command("test")
    .description("score a module on examples that it has not seen")
    .argument("<module>", "folder of the module; for --curve also a file of examples or a data set")
    .argument("[file]", "examples, or a data set (default: those it held out)")
    .option("--curve", "how accuracy grows with examples, from a base and from scratch")
    .option("--seeds <n>", "draws of examples for --curve", wholeNumber(1), 5)
    .option("--base <folder>", "what --curve learns on from, or none (default: modules/intent)")
    .option("--calibration", "whether its probabilities are right, and what refusing buys")
    .option("--wrong-costs <n>", "a wrong answer costs so many times a needless `unsure`: what it costs", cost)
    .option("--svg <file>", "draw the plots of --curve or --calibration into a file")
    .addOption(column("text"))
    .addOption(column("label"))
    .addOption(engine())
    .addOption(data())
    .addOption(offline())
    .addOption(json())
    .action((path, file, options) =>
      run(async () =>
        options.curve
          ? (await import("./commands/curve.ts")).curve(path, file, options, services)
          : (await import("./commands/test.ts")).test(await placed(path), file, options, services),
      ),
    )
  registerRebuild(program, run, services)
  program
    .command("data")
    .description("data sets: which are known (data), what one is (data NAME), fetch it (data get NAME)")
    .argument("[words...]", "a name or the folder of one of your own, after `get` to fetch it")
    .addOption(offline())
    .addOption(json())
    .action((words, options) => run(async () => (await import("./commands/data.ts")).data(words, options, services)))
  registerShow(program, run, services)
  const explain = explainOptions(program.command("explain"))
    .description(
      "why a module answered a text, or a scribe expected a byte; or with --stage, what it becomes on its way to the machine",
    )
    .argument("<module>", "folder of the module, or a scribe")
    .argument("[text...]", "the text, or - for what standard input brings")
    .option("--label <label>", "why this label, beside the answer (default: the answer, beside the next)")
    .option("--all", "every row, not only those that spoke most")
    .option("--html <file>", "write a page that shows it: one file, without network")
    .addOption(new Option("--stage <stage>", "which form of the module").choices(STAGES))
    .addOption(json())
    .action((path, words, options) =>
      run(async () => {
        if (options.stage === undefined && (await explainsScribe(path, options))) {
          if (options.label !== undefined || options.html !== undefined)
            explain.error("error: --label and --html are of modules that answer, and not of scribes.")
          return (await import("./commands/explain_scribe.ts")).explainScribe(path, words, options, services)
        }
        if (words.length === 0 && options.stage === undefined)
          explain.error("error: There is nothing to explain: give a text, or --stage STAGE for the module itself.")
        if (options.stage !== undefined && (words.length > 0 || options.label || options.all || options.html))
          explain.error("error: A stage is of the module, not of an answer: give a text or --stage, not both.")
        const commands = await import("./commands/explain.ts")
        return options.stage === undefined
          ? commands.explainAnswer(await placed(path), words, options, services)
          : commands.explainStage(await placed(path), options, services)
      }),
    )
  program
    .command("check")
    .description("read a brain and all that it uses: every mistake at once, before anything runs")
    .argument("<brain>", "a file .brain, or the folder of one")
    .addOption(json())
    .action((path, options) => run(async () => (await import("./commands/check.ts")).check(path, options, services)))
  program
    .command("fmt")
    .description("write brains as everybody writes them; comments stay")
    .argument("<files...>", "files .brain, or - for standard input")
    .option("--check", "change nothing, and say which files are not written so")
    .addOption(json())
    .action((paths, options) => run(async () => (await import("./commands/fmt.ts")).fmt(paths, options, services)))
  program
    .command("lock")
    .description("keep a brain to the modules that it uses now, whatever becomes of them")
    .argument("<brain>", "a file .brain, or the folder of one")
    .addOption(json())
    .action((path, options) => run(async () => (await import("./commands/lock.ts")).lock(path, options, services)))
  program
    .command("why")
    .description("where a name of a brain comes from, through includes and templates")
    .argument("<brain>", "a file .brain, the folder of one, or a name of your store")
    .argument("<name>", "a value, input, part or parameter; desk.kind is one within the part desk")
    .addOption(json())
    .action((path, name, options) =>
      run(async () => (await import("./commands/why.ts")).why(path, name, options, services)),
    )
  remote(program.command("trace"))
    .description("an answer of a brain, and what each part was asked, answered and took")
    .argument("<brain>", "a file .brain, or the folder of one")
    .argument("<input...>", "what it is asked")
    .option("--html <file>", "write a page that shows it: one file, without network")
    .addOption(engine())
    .addOption(json())
    .action((path, words, options) =>
      run(async () => (await import("./commands/trace.ts")).trace(await placed(path), words, options, services)),
    )
  program
    .command("graph")
    .description("draw what a brain is made of, from its inputs to its outputs")
    .argument("<brain>", "a file .brain, or the folder of one")
    .option("--svg <file>", "draw it into a file instead")
    .option("--all", "open the brains that it uses")
    .addOption(json())
    .action((path, options) =>
      run(async () => (await import("./commands/graph.ts")).graph(await placed(path), options, services)),
    )
  program
    .command("diff")
    .description("what changed between two brains as they resolve, and what they now answer differently")
    .argument("<before>", "a file .brain, or the folder of one")
    .argument("<after>", "another")
    .option("--probes <file>", "what to ask both, a line each (default: examples that their nets carry)")
    .addOption(engine())
    .addOption(json())
    .addHelpText("after", "\nExit code: 0 when nothing changed, 1 when something did.")
    .action((before, after, options) =>
      run(async () => (await import("./commands/diff.ts")).diff(before, after, options, services)),
    )
  program
    .command("stream")
    .description("follow samples with a net that remembers: a line of numbers each, from a file or standard input")
    .argument("<module>", "folder with graph.json and weights.safetensors")
    .argument("[file]", "CSV; a first line of names may begin with t, a column of times in milliseconds")
    .option("--rate <hz>", "play the samples as a sensor would, so many a second", rate)
    .option("--late <ms>", "what comes later after its sample is counted as late", milliseconds, 2)
    .option("--changes", "print an output only where its label is another one than before")
    .addOption(json())
    .action((path, file, options) =>
      run(async () => (await import("./commands/stream.ts")).stream(path, file, options, services)),
    )
  program
    .command("doctor")
    .description("which engines this machine has, why not the others, and what they reach")
    .addOption(json())
    .action((options) => run(async () => (await import("./commands/doctor.ts")).doctor(options, services)))
  registerSharing(program, run, services)
  registerProving(program, run, services)
  registerUpdating(program, run, services)
  hubCommand(program, services, run)
  registerWork(program, run, services)
  registerBoards(program, run, services)
  registerScribe(program, run, services)
  return program
}

function size(text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined) return bytes
  throw new InvalidArgumentError("It takes a size such as 30000, 30KB or 1.5MB.")
}
const SEED_MAX = 2 ** 31 - 1
const COST_MAX = 1e6
const cost = (text: string): number => {
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value <= COST_MAX) return value
  throw new InvalidArgumentError(`It takes a number from 0 to ${COST_MAX}.`)
}
const [RATE_MAX, LATE_MAX] = [1e5, 1e6]
const above =
  (most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+(?:\.\d+)?$/.test(text) && value > 0 && value <= most) return value
    throw new InvalidArgumentError(`It takes a number above 0, up to ${most}.`)
  }
const rate = above(RATE_MAX)
const milliseconds = above(LATE_MAX)
const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= SEED_MAX) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${SEED_MAX}.`)
  }
