/** All modules that this bench shows on boards. */
import { join } from "node:path"
import { RECIPE } from "@open-brains/core/train/recipe.ts"
import { missingData, repository } from "../../scripts/testing.ts"
import { CLINC150_IN_MIRROR, fill, published, splitsOf, teachModule } from "./brain.testing.ts"
import { type Exhibit, type NetCall, netExhibit, textExhibit } from "./exhibit.ts"
import { LAYERS, layerCalls, writeLayer } from "./layer.ts"
import { folderOf } from "./nets/make.ts"
import { type BoardNetName, casesOf, missingCases } from "./nets.ts"
import { scribeExhibit } from "./scribe.ts"

/** What is shown, or why it is not. */
export interface Absent {
  readonly name: string
  readonly why: string
}
const cIdentifier = (name: string): string => name.replaceAll("-", "_")

const nets = new Map<string, Promise<Exhibit>>()
/** A net of nets.ts, asked what it has not learnt from. */
export function boardNet(name: BoardNetName, count: number): Promise<Exhibit> {
  const key = `${name} ${count}`
  const made =
    nets.get(key) ??
    netExhibit(
      cIdentifier(name),
      name === "gestures" ? join(repository, "examples/gestures/net") : folderOf(name),
      casesOf(name, count).map(({ inputs }): NetCall => ({ entry: "step", inputs })),
    )
  nets.set(key, made)
  return made
}

export const NAMES_FOLDER = join(repository, "examples/names/net")
/** After so many characters another seed begins, at temperatures from 4 to 40 sixteenths. */
const CHARACTERS = 10
const names = new Map<number, Promise<Exhibit>>()
/** `count` characters of the names, of seeds 1, 2, … */
export function namesNet(count: number): Promise<Exhibit> {
  const made = names.get(count) ?? netExhibit("names", NAMES_FOLDER, namesCalls(count))
  names.set(count, made)
  return made
}
export const namesCalls = (count: number): readonly NetCall[] =>
  Array.from({ length: count }, (_, n): readonly NetCall[] => {
    const step: NetCall = { entry: "step", inputs: { given: Uint8Array.of(0) } }
    if (n % CHARACTERS > 0) return [step]
    const seed = 1 + n / CHARACTERS
    const temperature = Uint8Array.of(seed === 1 ? 16 : 4 + ((7 * seed) % 37))
    return [{ entry: "begin", inputs: { seed: Int32Array.of(seed), temperature } }, step]
  }).flat()

/** Every kind of layer, in folders below that one. */
export const layers = (folder: string, count: number): Promise<readonly Exhibit[]> =>
  Promise.all(
    LAYERS.map((kind, n) => {
      const own = join(folder, `layer-${n}`)
      writeLayer(kind, own)
      return netExhibit(`layer_${n}`, own, layerCalls(count))
    }),
  )

/** Bytes of a text that a board reads, and of the weights of the edition that is taught here, so that it fits an Uno. */
export const [TEXT_BYTES, WEIGHT_BYTES] = [64, 16_000]
const EPOCHS_QUICK = 2
let edition: Promise<string> | undefined
/**
 * The folder of an intent edition: that one, or one that is taught here from CLINC150, 32 numbers of three levels a row and
 * as many rows as fit: what `./brain teach clinc150 --max-size` finds, without the search.
 */
export function intentFolder(folder: string, isQuick: boolean, given: string | undefined): Promise<string> {
  edition ??= given === undefined ? taught(join(folder, "intents"), isQuick) : Promise.resolve(given)
  return edition
}
async function taught(into: string, isQuick: boolean): Promise<string> {
  const examples = await published("clinc150")
  const labels = new Set(examples.flatMap(({ label }) => label ?? [])).size
  const base = { ...RECIPE, relearn: false, dims: 32, levels: 3, ...THREE_LEVELS } as const
  const { recipe } = fill(base, labels, WEIGHT_BYTES)!
  const shorter = isQuick ? { epochs: EPOCHS_QUICK } : {}
  await teachModule({ examples, into, name: "intents", recipe: { ...recipe, ...shorter }, isOneRecipe: true })
  return into
}
/** What an edition of three levels is held to: packages/brain/src/editions.ts. */
const THREE_LEVELS = { featureDropout: 0.3, weightDecay: 0.4, labelSmoothing: 0.02 }

/** Messages of the test split, in scope or out of it. */
export async function testTexts(count: number): Promise<readonly string[]> {
  const texts = splitsOf(await published("clinc150")).test.map(({ text }) => text)
  const step = texts.length / count
  return Array.from({ length: count }, (_, n) => texts[Math.floor(n * step)]!)
}
export const missingTexts = (): string | undefined => missingData(CLINC150_IN_MIRROR)

/** Everything: nets, names, layers and an intent edition. */
export interface Hall {
  readonly folder: string
  readonly isQuick: boolean
  readonly count: number
  /** The folder of an intent edition that somebody taught. */
  readonly intent: string | undefined
}
export async function exhibitsIn({ folder, isQuick, count, intent }: Hall): Promise<readonly (Exhibit | Absent)[]> {
  const all: (Exhibit | Absent)[] = []
  for (const name of ["mnist-tiny", "digits-int8", "digits-int4", "gestures"] as const) {
    const why = missingCases(name)
    all.push(why === undefined ? await boardNet(name, count) : { name, why })
  }
  all.push(await namesNet(count))
  all.push(...(await layers(folder, count)).slice(0, isQuick ? 1 : undefined))
  const why = missingTexts()
  all.push(why === undefined ? await intents(folder, isQuick, count, intent) : { name: "intents", why })
  all.push(await theScribe(count))
  return all
}
const scribes = new Map<number, Promise<Exhibit>>()
function theScribe(count: number): Promise<Exhibit> {
  const made = scribes.get(count) ?? scribeExhibit(count)
  scribes.set(count, made)
  return made
}
const asked = new Map<number, Promise<Exhibit>>()
function intents(folder: string, isQuick: boolean, count: number, given: string | undefined): Promise<Exhibit> {
  const made =
    asked.get(count) ??
    intentFolder(folder, isQuick, given).then(async (path) =>
      textExhibit("intents", path, TEXT_BYTES, await testTexts(count)),
    )
  asked.set(count, made)
  return made
}
export const isShown = (each: Exhibit | Absent): each is Exhibit => "module" in each

const full = new Map<number, Promise<Exhibit>>()
/** The intent edition asked texts of full length: messages one after another, cut to pieces. */
export function fullTexts({ folder, isQuick, count, intent }: Hall): Promise<Exhibit> {
  const made =
    full.get(count) ??
    intentFolder(folder, isQuick, intent).then(async (path) => {
      const all = (await testTexts(4 * count)).join(" ")
      const pieces = Array.from({ length: count }, (_, n) => all.slice(n * TEXT_BYTES, (n + 1) * TEXT_BYTES))
      return textExhibit("intents", path, TEXT_BYTES, pieces)
    })
  full.set(count, made)
  return made
}
