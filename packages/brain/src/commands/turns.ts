import { readFile } from "node:fs/promises"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { refuse } from "@open-brains/core/base/problem.ts"
import { UNSURE } from "@open-brains/core/train/examples.ts"
import { firstParty, type Services } from "../services.ts"

/** A message of a tour, and the label that it should get, if that is known beforehand. */
export interface Turn {
  readonly text: string
  readonly label?: string
}

/** Turns from standard input, one a line, MESSAGE tab LABEL; on a terminal, or when there are none, the example's own. */
export async function written({ isTerminal, input }: Services): Promise<readonly Turn[]> {
  const lines: string[] = []
  if (!isTerminal && !input.isTTY)
    for await (const line of createInterface({ input: Readable.from(input) })) lines.push(line)
  const given = lines.filter((line) => line.trim() !== "")
  if (given.length > 0) return given.map(turnOf)
  const path = firstParty("examples", "helpdesk", "tour.tsv")
  if (path === undefined)
    return refuse({
      code: "OB515",
      seen: "There is no examples/helpdesk/tour.tsv.",
      hint: "Run the tour from a clone of the repository.",
    })
  return (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map(turnOf)
}
function turnOf(line: string): Turn {
  const [text, label] = line.split("\t")
  return { text: text!.trim(), ...(label === undefined ? {} : { label: label.trim() }) }
}

/** Asks a person for messages, and for the right label of each: first a turn without a label, then one with it. */
export async function* typed(
  _: Services,
  labels: readonly string[],
): AsyncGenerator<Turn, undefined, string | undefined> {
  const { isCancel, select, text } = await import("@clack/prompts")
  for (;;) {
    const message = await text({ message: "A message", placeholder: "my robot kit arrived without its wheels" })
    if (isCancel(message) || message === undefined || message.trim() === "") return undefined
    const answered = yield { text: message }
    const right = await select({
      message: "Is that right?",
      options: [
        { value: answered ?? UNSURE, label: `yes, ${answered ?? "it fits none"}` },
        ...labels.filter((label) => label !== answered).map((label) => ({ value: label, label: `no, ${label}` })),
        ...(answered === undefined ? [] : [{ value: UNSURE, label: "no, it fits none" }]),
      ],
    })
    if (isCancel(right)) return undefined
    yield { text: message, label: right }
  }
}
