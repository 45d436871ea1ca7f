#!/usr/bin/env node
import { Refusal, render } from "@open-brains/core/base/problem.ts"
import { Command, CommanderError, Option } from "commander"
import type { Colour, ExitCode, Services } from "./services.ts"

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }
const colours = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !process.env["NO_COLOR"]

const services: Services = {
  print: (line) => void process.stdout.write(`${line}\n`),
  progress(line) {
    if (!process.stderr.isTTY) return
    process.stderr.write(line === undefined ? "\r\x1b[K" : line.endsWith("\n") ? line : `\r\x1b[K${line}`)
  },
  isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
  input: process.stdin,
  paint: (colour, text) => (text !== "" && colours(process.stdout) ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text),
}

const GREETING = `Open Brains: small trained behaviours that you own.

  ./brain tour                                       a minute's walk: ask, teach, correct
  ./brain teach examples/helpdesk/messages.csv --into desk
                                                     teach a module from your own examples
  ./brain ask desk "where is my parcel"              ask it
  ./brain test desk                                  how good it is, and what it confuses
  ./brain show desk                                  what it is made of
  ./brain rebuild desk                               build it again and compare, bit for bit

Every command takes --json and --help.`

/** Each command's code is loaded when it is called: an answer should not wait for what it does not need. */
function commands(run: (work: () => Promise<ExitCode>) => Promise<void>): Command {
  const program = new Command("brain")
    .description("Small trained behaviours that you own.")
    .version("0.0.0")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .action(() => services.print(GREETING))
  const json = (): Option => new Option("--json", "print JSON, for programs")
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
    .option("--seed <n>", "another draw of the random numbers", wholeNumber, 1)
    .addOption(json())
    .action((files, options) => run(async () => (await import("./commands/teach.ts")).teach(files, options, services)))
  program
    .command("ask")
    .description("answer a text, or each line of standard input (lines of JSON too)")
    .argument("<module>", "folder of the module")
    .argument("[text...]", "the text")
    .option("--top <n>", "how many labels to rank", wholeNumber, 3)
    .addOption(json())
    .action((path, words, options) =>
      run(async () => (await import("./commands/ask.ts")).ask(path, words, options, services)),
    )
  program
    .command("test")
    .description("score a module on examples that it has not seen")
    .argument("<module>", "folder of the module")
    .argument("[file]", "examples (default: those it held out)")
    .addOption(column("text"))
    .addOption(column("label"))
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
  return program
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1)
    throw new CommanderError(2, "brain.number", `error: \`${text}\` is no whole number from 0 on`)
  return value
}

/** A person's mistake is rendered once, here; a bug of ours keeps its stack. */
async function main(): Promise<number> {
  let code = 0
  try {
    await commands(async (work) => {
      code = await work()
    }).parseAsync()
  } catch (error) {
    services.progress(undefined)
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof Refusal)) throw error
    if (process.argv.includes("--json"))
      services.print(JSON.stringify({ problems: error.problems.map(({ span, ...rest }) => rest) }))
    process.stderr.write(`${error.problems.map(render).join("\n\n")}\n`)
    return 1
  }
  return code
}
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
  process.exit(0) // the reader has seen enough, as `head` does
})
process.exitCode = await main()
