import { type Command, InvalidArgumentError, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

const json = (): Option => new Option("--json", "print JSON, for programs")
const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]
const ITEMS_MAX = 1_000_000
const SEED_MAX = 2 ** 32 - 1 // a random stream takes 32 bits

/** The commands by which a person finds out whether a change is one for the better, and others see that it is. */
export function registerProving(program: Command, run: Run, services: Services): void {
  program
    .command("compare")
    .description(
      "run two modules or brains on benchmarks until it is clear whether the new one may take the old one's place",
    )
    .argument("<old>", "a folder, a file .brain, or a name of your store")
    .argument("<new>", "another")
    .requiredOption("--on <benchmarks...>", "folders or names of benchmarks")
    .option("--in <brain>", "run both in a brain, in the place of a module that it uses")
    .option("--as <use>", "which one: the name of the `use`, or of the module in the store")
    .option("--target <benchmark>", "what the new one is to be better at (default: all of them together)")
    .option("--simpler", "it claims no more than to be as good with 5 % less of weights, operations or memory")
    .option("--seed <n>", "another order of the items", whole(0, SEED_MAX), 1)
    .option("--items-max <n>", "of one benchmark at most (default: 20000)", whole(1, ITEMS_MAX))
    .option("--attest <file>", "sign what came out, so that others can run it again")
    .option("--key <name>", "which of your keys signs it")
    .addOption(json())
    .addHelpText("after", "\nExit code: 0 when it is accepted, 1 when it is refused.")
    .action((old, now, options, command: Command) => {
      if ((options.in === undefined) !== (options.as === undefined))
        command.error("error: --in and --as go together: a brain, and which of its modules both stand for.")
      return run(async () => (await import("./commands/compare.ts")).compare(old, now, options, services))
    })
  program
    .command("verify")
    .description("check the signature of an attestation, run it again, and compare every answer to the bit")
    .argument("<attestation>", "the file that `compare --attest` wrote")
    .option("--key <key>", "whose signature it must have, ed25519:…; as often as you like", several)
    .option("--candidate <folder>", "the new module (default: that of your store)")
    .option("--baseline <folder>", "the old one")
    .option("--benchmark <folder>", "what both were run on; as often as there are several", several)
    .option("--in <brain>", "the brain that both were run in, if one")
    .addOption(json())
    .action((path, options) =>
      run(async () => (await import("./commands/verify.ts")).verifyFile(path, options, services)),
    )
  registerEdit(program, run, services)
}

function registerEdit(program: Command, run: Run, services: Services): void {
  program
    .command("edit")
    .description("change a weight or the labels of a net by hand: a new net, which says what was changed")
    .argument("<module>", "folder of the net")
    .option("--weight <name>", "of this weight one number, as it is stored: brain show lists them")
    .option("--at <places>", "which one: a number for each axis, from 0, such as 3,0", placesOf)
    .option("--to <value>", "what it is from then on", number)
    .option("--scale <words...>", "a weight and a factor: all of its numbers are multiplied")
    .option("--labels <pairs...>", "OLD=NEW: what labels are called, all at once")
    .option("--into <folder>", "where the new net goes (default: MODULE-edited)")
    .addOption(json())
    .action((path, options, command: Command) => {
      const misused = (why: string): never => command.error(`error: ${why}`)
      if ((options.weight === undefined) !== (options.at === undefined || options.to === undefined))
        misused("--weight, --at and --to go together: which number, and what it is from then on.")
      if (options.scale !== undefined && (options.scale.length !== 2 || !NUMBER.test(options.scale[1])))
        misused("--scale takes a weight and a factor, such as: --scale bias 0.5")
      const pairs: readonly string[] = options.labels ?? []
      if (pairs.some((pair) => !/^[^=]+=[^=]+$/.test(pair))) misused("--labels takes OLD=NEW.")
      if ([options.weight, options.scale, options.labels].filter((each) => each !== undefined).length !== 1)
        misused("Say what to change, one thing at a time: --weight, --scale or --labels.")
      return run(async () => (await import("./commands/edit.ts")).edit(path, options, services))
    })
}
const NUMBER = /^-?\d{1,15}(?:\.\d{1,12})?$/
function number(text: string): number {
  if (NUMBER.test(text)) return Number(text)
  throw new InvalidArgumentError("It takes a number in plain digits.")
}
function placesOf(text: string): readonly number[] {
  if (/^\d{1,9}(?:,\d{1,9})*$/.test(text)) return text.split(",").map(Number)
  throw new InvalidArgumentError("It takes whole numbers with commas between them, such as 3,0.")
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
  }
}
