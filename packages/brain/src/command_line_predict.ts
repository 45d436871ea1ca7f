import { existsSync } from "node:fs"
import { type Command, InvalidArgumentError, Option } from "commander"
import { ENGINES } from "./native/engines.ts"
import type { ExitCode, Services } from "./services.ts"
import { parseSize } from "./size.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

const json = (): Option => new Option("--json", "print JSON, for programs")
const engine = (name = "auto"): Option =>
  new Option("--engine <name>", "what runs it; each gives the same bits").choices(ENGINES).default(name)
const memory = (): Option =>
  new Option("--memory <size>", "its tables: a power of two, such as 64KB or 16MB (default: what it says)")

/** Whether it is a scribe that is to be explained: what the options say, else what lies there. */
export async function explainsScribe(
  path: string,
  { on, at }: { readonly on?: string; readonly at?: number },
): Promise<boolean> {
  if (on !== undefined || at !== undefined) return true
  const { findScribe, NONE } = await import("./scribe/find.ts")
  return path === NONE ? !existsSync(NONE) : (await findScribe(path)) !== undefined
}
/** What `brain explain` takes of a scribe. */
export const explainOptions = (command: Command): Command =>
  command
    .option("--on <file>", "of a scribe: a text, of which it read what stands before the byte")
    .option("--at <n>", "of a scribe: which byte of the text, from 0 (default: the last)", wholeNumber(0))
    .addOption(memory())

/** The commands of scribes: predictors of text that learn while they read. */
export function registerScribe(program: Command, run: Run, services: Services): void {
  program
    .command("generate")
    .description("let a scribe go on from a text")
    .argument("<scribe>", "folder of the scribe, its name in your store, or none: one that has learnt nothing")
    .argument("[prefix...]", "the text that it goes on from")
    .option("--bytes <n>", "so many at most", wholeNumber(0), 400)
    .option("--temperature <t>", "0 takes the likeliest byte alone, 1 each as likely as it is", number(0, 100), 0.8)
    .option("--top-p <p>", "only the likeliest bytes that make up so much of the chance", number(0, 1), 1)
    .option("--seed <n>", "another draw of the random numbers", wholeNumber(0), 1)
    .option("--stop <text>", "end where this comes, which is not printed")
    .option("--prefix <file>", "go on from a file, or from standard input: -")
    .option("--learn <file>", "read a file first, in memory only")
    .option("--raw", "any bytes, also such as are no text")
    .addOption(memory())
    .addOption(engine())
    .addOption(json())
    .action((path, words, options) =>
      run(async () => (await import("./commands/generate.ts")).generateText(path, words, options, services)),
    )
  for (const name of ["pack", "unpack"] as const)
    program
      .command(name)
      .description(
        name === "pack"
          ? "pack a file by what a scribe foretells of it; only the same scribe unpacks it"
          : "unpack a file by the scribe that packed it, as it was then",
      )
      .argument("<scribe>", "folder of the scribe, its name in your store, or none: one that has learnt nothing")
      .argument("<file>", name === "pack" ? "what to pack" : "what `brain pack` made")
      .option("--out <file>", name === "pack" ? "where to (default: FILE.brain-pack)" : "where to (default: as before)")
      .option("--force", "write over what is there")
      .addOption(memory())
      .addOption(engine())
      .addOption(json())
      .action((path, file, options) =>
        run(async () => (await import("./commands/pack.ts"))[name](path, file, options, services)),
      )
  program
    .command("worth")
    .description(
      "what each expert of a scribe brings on a text, and what it costs; or each of several modules of the same labels",
    )
    .argument("<modules...>", "a scribe (none: one that has learnt nothing), or modules that give the same labels")
    .requiredOption("--on <file>", "the text; for labels examples, or a data set by name")
    .option("--bytes <size>", "so much of it", sizeIn, 100_000)
    .option("--svg <file>", "draw it into a file, too")
    .addOption(memory())
    .addOption(engine("wasm"))
    .addOption(json())
    .action((paths: readonly string[], options) =>
      run(async () => (await import("./commands/worth.ts")).worth(paths, options, services)),
    )
  program
    .command("write")
    .description("write in the terminal: a scribe says how it goes on, and learns each line")
    .argument("<scribe>", "folder of the scribe, its name in your store, or none: one that has learnt nothing")
    .argument("[file]", "a text to go on with, or a new one")
    .option(
      "--keep",
      "when you leave, teach the scribe itself the lines that it learnt: a lesson, as brain teach gives",
    )
    .addOption(memory())
    .addOption(engine("wasm"))
    .addOption(json())
    .action((path, file, options) =>
      run(async () => (await import("./commands/write.ts")).write(path, file, options, services)),
    )
}

function sizeIn(text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined) return bytes
  throw new InvalidArgumentError("It takes a size such as 30000, 30KB or 1.5MB.")
}
const WHOLE_MAX = 2 ** 31 - 1
const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= WHOLE_MAX) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${WHOLE_MAX}.`)
  }
const number =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+(?:\.\d+)?$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`)
  }
