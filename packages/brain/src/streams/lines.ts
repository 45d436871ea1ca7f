import { type Problem, refuse } from "@open-brains/core/base/problem.ts"
import { counted, shorten } from "../layout.ts"

/** A sample as a line has it. */
export interface ReadSample {
  readonly values: Float32Array
  /** What the column `t` says. */
  readonly t: number | undefined
}

/**
 * Samples out of lines of comma-separated numbers, one for each channel. A first line of names may stand above them, and
 * when its first name is `t`, the first column is a time in milliseconds, which is handed on. Empty lines are left out.
 * Errors: OB680 with the line, OB682 when there is no sample at all.
 */
export async function* samplesOf(
  lines: AsyncIterable<string>,
  file: string,
  channels: number,
): AsyncGenerator<ReadSample, void, undefined> {
  let [line, found] = [0, 0]
  let hasTime = false
  for await (const source of lines) {
    line++
    if (source.trim() === "") continue
    const cells = source.replace(/^\ufeff/, "").split(",")
    const names = cells.map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"))
    if (found === 0 && line === 1 && names.every((name) => name !== "" && Number.isNaN(Number(name)))) {
      hasTime = names[0] === "t"
      continue
    }
    const strange = names.findIndex((name) => name === "" || !Number.isFinite(Math.fround(Number(name))))
    const wanted = channels + (hasTime ? 1 : 0)
    if (names.length !== wanted) refuse(lengthProblem(file, line, names.length, channels, hasTime))
    if (strange >= 0) refuse(numberProblem(file, line, strange, names[strange]!))
    found++
    const numbers = names.map(Number)
    yield { values: Float32Array.from(hasTime ? numbers.slice(1) : numbers), t: hasTime ? numbers[0] : undefined }
  }
  if (found === 0)
    refuse({ code: "OB682", seen: `${file} holds no sample.`, hint: `Give a line of ${channels} numbers a sample.` })
}

const lengthProblem = (file: string, line: number, seen: number, channels: number, hasTime: boolean): Problem => ({
  code: "OB680",
  seen: `${file}, line ${line} has ${counted(seen, "number")}, not ${channels + (hasTime ? 1 : 0)}.`,
  hint: `Give ${counted(channels, "number")} with commas between them, one for each channel${hasTime ? ", after the time" : "; a time before them needs a first line that begins with t,"}.`,
})
const numberProblem = (file: string, line: number, column: number, seen: string): Problem => ({
  code: "OB680",
  seen: `${file}, line ${line}, column ${column + 1} is ${seen === "" ? "empty" : `\`${shorten(seen)}\`, which is no number that fits`}.`,
  hint: "Write each number with a point, such as -0.25; leave a sample out whose channels are not all there.",
})
