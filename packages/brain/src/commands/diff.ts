import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { CheckedModule, Composition } from "@open-brains/core/composition/composition.ts"
import { type Difference, differences, identityOf } from "@open-brains/core/composition/differences.ts"
import { type OpenBrain, openComposition } from "@open-brains/core/run/composed.ts"
import type { Part } from "@open-brains/core/run/part.ts"
import { answerAsJson, inputsFromJson, inputsFromWords } from "../brains/asking.ts"
import { checkBrain, clock, openPart } from "../brains/compose.ts"
import { readText } from "../brains/sources.ts"
import { spoken } from "../brains/values.ts"
import { EXAMPLES } from "../examples.ts"
import { counted, shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { composeOptions, type PartOptions } from "./ask_brain.ts"

export interface DiffOptions extends PartOptions {
  readonly probes?: string
  readonly json?: boolean
}
const PROBES_MAX = 200
const SHOWN_MAX = 20

interface Asked {
  readonly count: number
  readonly differ: readonly { readonly input: string; readonly before: string; readonly after: string }[]
  /** Why nothing was asked, if so. */
  readonly why?: string
}

/** `brain diff A B`: what changed, and which answers did. Gives 0 when nothing changed, 1 when something did. */
export async function diff(before: string, after: string, options: DiffOptions, services: Services): Promise<ExitCode> {
  const { json = false, probes } = options
  const [old, now] = [await checkBrain(before), await checkBrain(after)]
  const found = differences(old, now)
  const asked = await askBoth(old, now, probes, options)
  if (json) {
    const answers = { asked: asked.count, differ: asked.differ, ...(asked.why ? { why: asked.why } : {}) }
    services.print(JSON.stringify({ changes: found, answers }))
  } else {
    for (const each of found) for (const line of linesOf(each, services)) services.print(line)
    if (found.length === 0) services.print("Nothing changed in what they are made of.")
    for (const line of answerLines(asked, services)) services.print(line)
  }
  return found.length > 0 || asked.differ.length > 0 ? 1 : 0
}

function linesOf({ path, what, name, before, after }: Difference, { paint }: Services): readonly string[] {
  const place = path.length > 0 ? paint("dim", ` in ${path.join(" > ")}`) : ""
  const said = what === "rule" || what === "name" ? what : `${what} ${name}`
  const side = (sign: string, colour: "red" | "green", text: string | undefined): readonly string[] =>
    text === undefined ? [] : text.split("\n").map((line) => paint(colour, `  ${sign} ${line}`))
  return [`${paint("bold", said)}${place}`, ...side("-", "red", before), ...side("+", "green", after)]
}

function answerLines({ count, differ, why }: Asked, { paint }: Services): readonly string[] {
  if (why !== undefined) return [paint("dim", why)]
  return [
    `${differ.length} of ${counted(count, "probe")} ${differ.length === 1 ? "is" : "are"} answered differently.`,
    ...differ
      .slice(0, SHOWN_MAX)
      .flatMap(({ input, before, after }) => [
        `  “${shorten(input, 90)}”`,
        paint("red", `    - ${shorten(before, 92)}`),
        paint("green", `    + ${shorten(after, 92)}`),
      ]),
    ...(differ.length > SHOWN_MAX ? [paint("dim", `  and ${differ.length - SHOWN_MAX} more (--json has all)`)] : []),
  ]
}

async function askBoth(
  old: Composition,
  now: Composition,
  file: string | undefined,
  options: PartOptions,
): Promise<Asked> {
  const none = (why: string): Asked => ({ count: 0, differ: [], why })
  const modules = [...old.modules, ...now.modules]
  if (file === undefined && modules.some(({ kind }) => kind === "remote"))
    return none("Nothing was asked: a remote part may cost. Say what to ask: --probes FILE.")
  const isOneText = ({ brains }: Composition): boolean =>
    brains.at(-1)!.takes.length === 1 && brains.at(-1)!.takes[0]!.type.type === "text"
  if (file === undefined && !(isOneText(old) && isOneText(now)))
    return none("Nothing was asked: they do not both take one text. Say what to ask: --probes FILE.")
  const probes = file === undefined ? await examplesOf(modules) : linesIn(readText(file))
  if (probes.length === 0) return none("Nothing was asked: no net carries examples. Say what to ask: --probes FILE.")

  // A net has no state: one that both use is opened once.
  const how = await composeOptions(options)
  const opened = new Map<string, Promise<Part>>()
  const open = (module: CheckedModule): Promise<Part> => {
    if (module.kind !== "net") return openPart(module, how)
    const key = `${identityOf(module)} ${module.folder}`
    const part = opened.get(key) ?? openPart(module, how)
    opened.set(key, part)
    return part
  }
  const [a, b] = [await openComposition(old, { open, clock }), await openComposition(now, { open, clock })]
  try {
    const differ: { input: string; before: string; after: string }[] = []
    for (const [i, probe] of probes.entries()) {
      const [x, y] = [await answer(a, probe, i + 1), await answer(b, probe, i + 1)]
      if (x.key !== y.key) differ.push({ input: probe, before: x.shown, after: y.shown })
    }
    return { count: probes.length, differ }
  } finally {
    await a.close()
    await b.close()
  }
}
async function answer(brain: OpenBrain, probe: string, line: number): Promise<{ key: string; shown: string }> {
  const inputs = probe.startsWith("{") ? inputsFromJson(brain, probe, line) : inputsFromWords(brain, [probe])
  brain.reset()
  const found = await brain.ask(inputs)
  const shown = brain.gives.map(({ name }) => spoken(found.outputs[name]!, (_, text) => text)).join("; ")
  return { key: JSON.stringify(answerAsJson(found)), shown }
}

const linesIn = (text: string): readonly string[] => text.split(/\r?\n/).filter((line) => line.trim() !== "")

/** Texts that the nets carry, those that they were tested on first. */
async function examplesOf(modules: readonly CheckedModule[]): Promise<readonly string[]> {
  const folders = new Set(modules.flatMap(({ kind, folder }) => (kind === "net" && folder ? [folder] : [])))
  const tested: string[] = []
  const others: string[] = []
  for (const folder of folders) {
    const lines = linesIn(await readFile(join(folder, EXAMPLES), "utf8").catch(() => ""))
    for (const line of lines) {
      const { text, split } = JSON.parse(line) as { readonly text: string; readonly split: string }
      // A line that begins with a brace would be read as JSON.
      if (!text.startsWith("{")) (split === "test" ? tested : others).push(text)
    }
  }
  return [...new Set([...tested, ...others])].slice(0, PROBES_MAX)
}
