import { refuse } from "@open-brains/core/base/problem.ts"
import type { Because } from "@open-brains/core/run/classifier.ts"
import { brainFileAt } from "../brains/sources.ts"
import { counted, percent, shorten } from "../layout.ts"
import { type Brain, load } from "../load.ts"
import type { ExitCode, Services } from "../services.ts"
import { askBrain, type PartOptions } from "./ask_brain.ts"
import { questions } from "./questions.ts"

export interface AskOptions extends PartOptions {
  readonly json?: boolean
  readonly top: number
}

/** `brain ask MODULE [TEXT…]`: answers a text, or each line of standard input; a line of JSON gives a line of JSON. */

export async function ask(
  path: string,
  words: readonly string[],
  options: AskOptions,
  services: Services,
): Promise<ExitCode> {
  const { json = false, top, engine } = options
  const file = brainFileAt(path)
  if (file !== undefined) return askBrain(file, words, options, services)
  const brain = await load(path, engine)
  tellAsides(brain, services)
  if (words.length > 0) {
    services.print(answer(brain, words.join(" "), json, top, services))
    return 0
  }
  for await (const [text, line] of questions(services)) {
    const asked = text.startsWith("{") ? textOf(text, line) : undefined
    services.print(
      asked ? answer(brain, asked.text, true, top, services, asked) : answer(brain, text, json, top, services),
    )
  }
  return 0
}

/** Why the engine that was asked for made way for another: the answers are the same. */
export function tellAsides({ asides }: Pick<Brain, "asides">, { complain }: Services): void {
  for (const reason of asides) complain(`Slower than it could be: ${reason}`)
}

function textOf(source: string, line: number): { readonly text: string } {
  let found: unknown
  try {
    found = JSON.parse(source)
  } catch {
    found = undefined
  }
  if (typeof found === "object" && found !== null && "text" in found && typeof found.text === "string")
    return { ...found, text: found.text }
  return refuse({
    code: "OB504",
    seen: `Line ${line} of the input is no JSON object with a \`text\`: ${shorten(source)}`,
    hint: 'Write one object a line, such as {"text": "where is my parcel"}.',
  })
}

function answer(
  brain: Brain,
  text: string,
  json: boolean,
  top: number,
  { paint }: Services,
  asked: object = { text },
): string {
  const { label, guess, probability, evidence, needed, bytesCut, because } = brain.ask(text)
  const ranking = brain.ranking(top)
  if (json)
    return JSON.stringify({
      ...asked,
      label: label ?? null,
      guess,
      probability,
      evidence,
      needed,
      ranking,
      ...(bytesCut > 0 ? { bytesCut } : {}),
      ...(because ? { because: { ...because, label: because.label ?? null } } : {}),
    })
  const others = ranking
    .slice(1)
    .map((each) => `${each.label} ${percent(each.probability)}`)
    .join(", ")
  const cut =
    bytesCut > 0
      ? paint("yellow", `  (the last ${counted(bytesCut, "byte")} ${bytesCut === 1 ? "was" : "were"} not read)`)
      : ""
  if (label !== undefined)
    return `${paint("green", label)}  ${percent(probability)}${paint("dim", `${others && `  then ${others}`}${cite(because)}`)}${cut}`
  if (because && because.label === undefined) return `${paint("yellow", "unsure")}${paint("dim", cite(because))}${cut}`
  return `${paint("yellow", "unsure")}  ${paint("dim", `${shortfall(evidence, needed)}; closest: ${guess} ${percent(probability)}${others && `, ${others}`}${cite(because)}`)}${cut}`
}

/** What it says of the correction that decided. */

export const cite = (because: Because | undefined): string =>
  because ? `  because you said so of “${shorten(because.text)}” (lesson ${because.lesson})` : ""

/** Why it is unsure, with as many decimals as it takes to tell the two numbers apart. */
export function shortfall(evidence: number, needed: number): string {
  const decimals = [1, 2].find((each) => evidence.toFixed(each) !== needed.toFixed(each)) ?? 3
  return `${evidence.toFixed(decimals)} of ${needed.toFixed(decimals)} bits of evidence`
}
