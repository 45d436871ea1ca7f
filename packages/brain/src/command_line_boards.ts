import { type Command, InvalidArgumentError, Option } from "commander"
import type { ExitCode, Services } from "./services.ts"

type Run = (work: () => Promise<ExitCode>) => Promise<void>

/** The commands around boards. */
export function registerBoards(program: Command, run: Run, services: Services): void {
  program
    .command("flash")
    .description("run firmware on a board that is simulated here: what you type goes to its serial port")
    .argument("<firmware>", "the .hex or .elf that avr-gcc or the Arduino IDE made of a sketch")
    .option("--virtual <board>", "which board: uno or mega")
    .option("--seconds <n>", "end after so many seconds of the board's time, silent or not", seconds)
    .option("--cycles", "the cycles from each line that is sent to its answer")
    .addOption(new Option("--json", "print JSON, for programs"))
    .addHelpText(
      "after",
      "\nEnds with Ctrl-C, when it sleeps for good, or when it was silent for a second after all was sent.",
    )
    .action((path, options) => run(async () => (await import("./commands/flash.ts")).flash(path, options, services)))
}

const SECONDS_MAX = 1e6

function seconds(text: string): number {
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value > 0 && value <= SECONDS_MAX) return value
  throw new InvalidArgumentError(`It takes a number above 0, at most ${SECONDS_MAX}.`)
}
