/** `./check bench boards [--intent FOLDER]`: exported modules on simulated boards: their bits, cycles, flash and RAM, and whether what is declared is true. */
import { measureAccuracy } from "./boards/accuracy.ts"
import { measureArduino } from "./boards/arduino.ts"
import { measureArm } from "./boards/arm.ts"
import { measureAvr } from "./boards/avr.ts"
import { measureBits } from "./boards/bits.ts"
import { measureDeclared } from "./boards/declared.ts"
import type { Hall } from "./boards/exhibits.ts"
import { measureNames } from "./boards/names.ts"
import { type Part, type PartOptions, type Parts, runBench } from "./shared/part.ts"

const [COUNT, COUNT_QUICK] = [1000, 20]
const words = process.argv.slice(2)
const at = words.indexOf("--intent")
const intent = at < 0 ? undefined : words.splice(at, 2)[1]
const within =
  (measure: (hall: Hall) => Promise<Part>) =>
  ({ isQuick, folder }: PartOptions): Promise<Part> =>
    measure({ isQuick, folder, intent, count: isQuick ? COUNT_QUICK : COUNT })

const PARTS: Parts = {
  avr: within(measureAvr),
  arm: within(measureArm),
  names: within(measureNames),
  bits: within(measureBits),
  declared: within(measureDeclared),
  arduino: within(measureArduino),
  accuracy: measureAccuracy,
}
process.exitCode = await runBench("boards", PARTS, words)
