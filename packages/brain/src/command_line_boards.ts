import { type Command, InvalidArgumentError, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

/** The commands around boards. */
export function registerBoards(program: Command, run: Run, services: Services): void {
  registerExport(program, run, services)
  program
    .command("flash")
    .description("run a module or a sketch on a board that is simulated here: what you type goes to its serial port")
    .argument("<path>", "a module, which is compiled; or the .hex or .elf that avr-gcc or the Arduino IDE made")
    .option("--virtual <board>", "which board: uno or mega")
    .option("--main <file>", "with a module: a C file that is the program (default: one that answers lines)")
    .option("--name <name>", "with a module: what its files and functions begin with")
    .addOption(memory())
    .option("--force", "with a scribe: let it begin without the primer and the lessons that it has read")
    .option(
      "--wait <n>",
      "seconds of the board's time that a line may go unanswered (default: 1, of a scribe 20)",
      seconds,
    )
    .option("--seconds <n>", "end after so many seconds of the board's time, silent or not", seconds)
    .option("--cycles", "the cycles from each line that is sent to its answer")
    .addOption(new Option("--json", "print JSON, for programs"))
    .addHelpText(
      "after",
      "\nEnds with Ctrl-C, when it sleeps for good, or when it was silent for a second after all was sent.",
    )
    .action((path, options) => run(async () => (await import("./commands/flash.ts")).flash(path, options, services)))
}

const memory = (): Option =>
  new Option("--memory <size>", "of a scribe: its tables, a power of two such as 4KB (default: what it says)")

function registerExport(program: Command, run: Run, services: Services): void {
  program
    .command("export")
    .description(
      "write a module of integers or a scribe as C for a board, and say what it takes there before anything is flashed",
    )
    .argument("<module>", "folder of the module or scribe, a name of your store, or a folder with graph.json")
    .addOption(
      new Option("--to <form>", "an Arduino library as a zip, or a folder of C with a Makefile")
        .choices(["arduino", "c"])
        .makeOptionMandatory(),
    )
    .option("--board <name>", "uno, mega, microbit, nano33ble, rp2040 or esp32s3", "uno")
    .option("--output <path>", "where it goes (default: NAME.zip, or the folder NAME-c)")
    .option("--name <name>", "what files and functions begin with (default: the module's name)")
    .option("--text-bytes <n>", "read so many bytes of a text at most (default: 256 on an uno or mega)", whole)
    .addOption(new Option("--gives <values...>", "what it gives beside label and evidence").choices(["probability"]))
    .addOption(memory())
    .option(
      "--force",
      "write it even when it does not fit the board, or is a scribe that begins there without what it has read",
    )
    .addOption(new Option("--json", "print JSON, for programs"))
    .action((path, options) =>
      run(async () => (await import("./commands/export.ts")).exportModule(path, options, services)),
    )
}

function whole(text: string): number {
  const value = Number(text)
  if (/^\d{1,7}$/.test(text) && value >= 1) return value
  throw new InvalidArgumentError("It takes a whole number from 1 on.")
}

const SECONDS_MAX = 1e6

function seconds(text: string): number {
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value > 0 && value <= SECONDS_MAX) return value
  throw new InvalidArgumentError(`It takes a number above 0, at most ${SECONDS_MAX}.`)
}
