import { refuse } from "@open-brains/core/base/problem.ts"
import { COLUMNS_MAX, counted, inBytes, pad, percent, shorten, widest, wrap } from "../layout.ts"
import { chooseEngine } from "../native/choice.ts"
import { barOf } from "../plot/bars.ts"
import { nameOfByte, quoted } from "../scribe/context_words.ts"
import { type ExplainedByte, type ExplainedExpert, explainByte } from "../scribe/explain_byte.ts"
import { chunksOf, firstBytesOf } from "../scribe/read_file.ts"
import { readIn } from "../scribe/read_in.ts"
import type { ExitCode, Paint, Services } from "../services.ts"
import { bytesBar, openTold, type ScribeArguments } from "./scribes.ts"

export interface ExplainScribeArguments extends ScribeArguments {
  readonly on?: string
  /** Which byte, 0 for the first (default: the last). */
  readonly at?: number
  /** Bit by bit, too. */
  readonly all?: boolean
}

/** `brain explain SCRIBE --on FILE --at N`, or a TEXT: why a scribe expected a byte as it did. */
export async function explainScribe(
  path: string,
  words: readonly string[],
  options: ExplainScribeArguments,
  services: Services,
): Promise<ExitCode> {
  const { on, json = false, all = false } = options
  const text = new TextEncoder().encode(words.join(" "))
  const of = on === undefined ? "the text" : shorten(on)
  const length = on === undefined ? text.length : await lengthUpTo(on, options.at)
  const at = options.at ?? Math.max(0, length - 1)
  if (length === 0)
    refuse({ code: "OB817", seen: `There is nothing in ${of}.`, hint: "Give a TEXT, or --on FILE with some text." })
  if (at > length)
    refuse({
      code: "OB816",
      seen: `There is no byte ${at} in ${of}: it has ${counted(length, "byte")}.`,
      hint: `Give --at 0 to ${length - 1}; ${length} asks what would come next.`,
    })
  const scribe = await openTold(path, options, services)
  const bar = bytesBar(services, `reading ${of}`, at)
  const before =
    on === undefined ? inMemory(text.subarray(0, at)) : at === 0 ? inMemory(new Uint8Array()) : chunksOf(on, at)
  await readIn(scribe.predictor, before, ({ bytes }) => bar(bytes))
  services.progress(undefined)
  const [came] = on === undefined ? text.subarray(at) : await firstBytesOf(on, 1, at)
  const found = explainByte(scribe.predictor, came, chooseEngine("wasm").engine)
  if (json) services.print(JSON.stringify(asJson(found, at)))
  else for (const line of describe(found, at, all, services.paint)) services.print(line)
  return 0
}

async function* inMemory(text: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield text
}
/** How long a file is, or one more than the byte that is asked for. */
async function lengthUpTo(path: string, at: number | undefined): Promise<number> {
  let length = 0
  for await (const chunk of chunksOf(path)) {
    length += chunk.length
    if (at !== undefined && length > at) break
  }
  return length
}

const asJson = ({ experts, before, ...found }: ExplainedByte, at: number): object => ({
  at,
  ...found,
  before: new TextDecoder().decode(before),
  experts: experts.map(({ match, ...expert }) => ({
    ...expert,
    sees: expert.sees ?? null,
    match:
      match === undefined
        ? null
        : { back: match.back, length: match.length, same: quoted(match.same), next: quoted(match.next) },
  })),
  unit: "bits",
})

function describe(found: ExplainedByte, at: number, isWhole: boolean, paint: Paint): readonly string[] {
  const { byte, hasCome, chance, bits, rank, before, likeliest, experts, bias, ends, correction } = found
  const names = likeliest.map((each) => nameOfByte(each.byte))
  const shown = experts.toSorted((a, b) => b.saves - a.saves)
  const rows = [
    ...shown.map((each) => [
      ...[each.name, signed(each.vote), each.weight.toFixed(2), signed(each.contribution), signed(each.saves)],
      seenBy(each),
    ]),
    ["bias", "", "", signed(bias), "", "what is always there"],
    ["ends", "", "", signed(ends), "", "no sum of logits goes beyond ±12"],
    ["correction", "", "", signed(correction), "", "what such chances came to before"],
  ]
  const heading = ["expert", "votes", "weight", "speaks", "saves", "looks at"]
  const widths = [0, 1, 2, 3, 4].map((column) => widest([heading, ...rows].map((row) => row[column]!)))
  const lineOf = (row: readonly string[]): string => {
    const line = `${pad(row[0]!, widths[0]!)}  ${[1, 2, 3, 4].map((c) => row[c]!.padStart(widths[c]!)).join("  ")}  `
    return `${line}${cut(row[5]!, COLUMNS_MAX - line.length)}`
  }
  const matches = experts.flatMap(({ match }) => (match ? [match] : []))
  return [
    `Byte ${at}, after ${quoted(before)}: ${hasCome ? `${paint("bold", nameOfByte(byte))} came` : "nothing has come yet"}.`,
    hasCome
      ? `Its chance was ${percent(chance)}: ${bits.toFixed(2)} bits; ${rank === 1 ? "the likeliest" : `number ${rank}`} of 256.`
      : `The likeliest is ${paint("bold", nameOfByte(byte))}, with ${percent(chance)}.`,
    "",
    ...likeliest.map((each, i) => {
      const line = `  ${pad(names[i]!, widest(names))}  ${percent(each.chance).padStart(7)}  ${barOf(each.chance, likeliest[0]!.chance, 40)}`
      return each.byte === byte && hasCome ? paint("green", line) : line
    }),
    "",
    paint("dim", lineOf(heading)),
    ...rows.map(lineOf),
    "",
    ...matches.map(({ back, length, same, next }) =>
      wrap(
        `The same ${counted(length, "byte")} stood ${inBytes(back)} before${back <= at ? `, up to byte ${at - back} of this text` : ""}: ${quoted(same)}, and there came ${quoted(next)}.`,
      ),
    ),
    ...(isWhole ? bitByBit(found) : []),
    paint(
      "dim",
      wrap(
        `votes and speaks: bits for ${nameOfByte(byte)}, summed over its eight bits (log₂ of odds), against it below 0; saves: bits that it would have cost more without this one.`,
      ),
    ),
  ]
}
const seenBy = ({ about, sees, match, voted }: ExplainedExpert): string =>
  match !== undefined
    ? `the same ${counted(match.length, "byte")}, ${inBytes(match.back)} before`
    : `${about}${sees === undefined ? "" : `: ${sees}`}${voted === 0 ? ": nothing known" : ""}`
/** One line, without taking away the spaces that begin a quotation. */
const cut = (text: string, width: number): string =>
  [...text].length <= width ? text : `${[...text].slice(0, Math.max(1, width - 1)).join("")}…`
const signed = (value: number): string => {
  const shown = Math.abs(value).toFixed(2)
  return shown === "0.00" ? "0.00" : `${value < 0 ? "−" : "+"}${shown}`
}

/** A line for each bit: the chance of what came, and who spoke most. */
function bitByBit({ votes, experts }: ExplainedByte): readonly string[] {
  return [
    "bit by bit: the chance of what came, and who spoke most for or against it (vote × weight)",
    ...votes.map(({ bit, chance, experts: said }, k) => {
      const sign = bit === 1 ? 1 : -1
      const most = said
        .map(({ contribution, votes: [vote = 0], weights: [weight = 0] }, e) => ({
          value: (sign * contribution) / Math.LN2,
          text: `${experts[e]!.name} ${signed((sign * contribution) / Math.LN2)} (${signed((sign * vote) / Math.LN2)} × ${weight.toFixed(2)})`,
        }))
        .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
      const line = `  ${7 - k}: ${bit}  ${percent(bit === 1 ? chance : 1 - chance).padStart(7)}  `
      return `${line}${cut(
        most
          .slice(0, 4)
          .map(({ text }) => text)
          .join("  "),
        COLUMNS_MAX - line.length,
      )}`
    }),
    "",
  ]
}
