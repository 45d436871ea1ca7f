import { createHash, type Hash } from "node:crypto"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import type { Expert } from "@open-brains/core/mix/expert.ts"
import { harness } from "@open-brains/core/mix/harness.ts"
import { harnessOptions, scribeExperts } from "@open-brains/core/mix/scribe.ts"
import type { PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { openPredictor, type Predictor } from "@open-brains/core/run/predictor.ts"
import { chooseEngine } from "../native/choice.ts"
import type { EngineName } from "../native/engines.ts"
import { readPredictorModule } from "../store/folder.ts"
import type { ModuleFiles } from "../store/whole.ts"
import { othersOf } from "./experts.ts"
import { type Found, NONE, needScribe } from "./find.ts"
import { cachedState, forgetOthers, keep, keptState, makeRoom } from "./kept.ts"
import { CHUNK, chunksOf, lessonsIn, type ScribeLesson } from "./lessons.ts"
import { PRIMER, primerIn } from "./primer.ts"
import { beginning, inChunks, type OnProgress, readText, restore, statesOf } from "./reading.ts"
import { writeState } from "./snapshot.ts"

export interface ScribeOptions {
  readonly engine?: EngineName | Engine
  /** Bytes of tables (default: what the module says). */
  readonly memoryBytes?: number
  /** Told what it reads, where it has to read. */
  readonly onProgress?: OnProgress
}
/** A scribe that is open: what it is, and its predictor, as it is after all that it was taught. */
export interface Scribe {
  readonly path: string
  readonly predictor: Predictor
  /** Why something runs otherwise than asked. */
  readonly asides: readonly string[]
  /** Bytes of tables. */
  readonly memoryBytes: number
  /** Nothing for one that has learnt nothing. */
  readonly module: ModuleFiles<PredictorManifest> | undefined
  readonly found: Found | undefined
  readonly lessons: readonly ScribeLesson[]
  /** The names of its states after none of its lessons, the first, and so on; the last is that of now. */
  readonly states: readonly Digest[]
  /** What it had to read for this: nothing where it remembered. */
  readonly bytesRead: number
}

export const MEMORY_BYTES = 2 ** 24

/** Opens a scribe: a folder, a module by name, or `none`, which has learnt nothing. Errors: OB800 to OB805, and those of `readModule`. */
export async function openScribe(path: string, options: ScribeOptions = {}): Promise<Scribe> {
  if (path === NONE) return openNothing(options)
  return openFound(path, await needScribe(path), options)
}

/** The predictor of a scribe, fresh. */
function makePredictor(memoryBytes: number, others: readonly Expert[], engine: Engine): Predictor {
  return openPredictor([...scribeExperts({ memoryBytes }), ...others], harnessOptions({ memoryBytes }), engine)
}
/** Its program before it is cut for an engine: what it remembers is named after this one, since the bits are the same on all. */
function programOn(memoryBytes: number, others: readonly Expert[]): Program {
  return harness([...scribeExperts({ memoryBytes }), ...others], harnessOptions({ memoryBytes }))
}

function openNothing({ engine, memoryBytes = MEMORY_BYTES }: ScribeOptions): Scribe {
  const chosen = chooseEngine(engine, true)
  const predictor = makePredictor(memoryBytes, [], chosen.engine)
  const states = [beginning(predictor.program, undefined)]
  const { asides } = chosen
  return {
    path: NONE,
    predictor,
    asides,
    memoryBytes,
    module: undefined,
    found: undefined,
    lessons: [],
    states,
    bytesRead: 0,
  }
}

/**
 * Takes the state after as many of its lessons as one is remembered of, else reads its primer, and reads the rest. What it read is remembered: in
 * its folder where that is one's own, else among the caches.
 */
export async function openFound(path: string, found: Found, options: ScribeOptions = {}): Promise<Scribe> {
  const { folder, isOwn } = found
  const module = await readPredictorModule(folder)
  const memoryBytes = options.memoryBytes ?? module.manifest.memoryBytes
  const { engine, asides } = chooseEngine(options.engine, true)
  const lessons = isOwn ? await lessonsIn(folder) : []
  const primer = primerIn(module.parts, module.path)
  const program = programOn(memoryBytes, othersOf(module, { memoryBytes }))
  const states = statesOf(beginning(program, module.digest), lessons)
  const predictor = makePredictor(memoryBytes, othersOf(module, { memoryBytes, engine }), engine)
  const told = [...asides]
  const isAsSaid = memoryBytes === module.manifest.memoryBytes
  const placesOf = (after: number): readonly string[] => [
    ...(isOwn && isAsSaid ? [keptState(folder, after)] : []),
    ...(after === 0 ? [cachedState(states[0]!)] : []),
  ]
  const onDamaged = (place: string): number => told.push(`${place} is damaged, and was made anew by reading again.`)
  let after = lessons.length
  while (after >= 0 && (await restore(predictor, states[after]!, placesOf(after), onDamaged)) === undefined) after--
  const remember = async (lessonsRead: number): Promise<void> => {
    const bytes = writeState(predictor, states[lessonsRead]!)
    const [place] = placesOf(lessonsRead)
    if (place !== undefined) await keep(lessonsRead === 0 ? cachedState(states[0]!) : place, bytes)
    if (lessonsRead === 0) await makeRoom()
  }
  let bytesRead = 0
  if (after < 0) {
    bytesRead += await readPrimer(predictor, primer, options.onProgress)
    after = 0
    await remember(0)
  }
  for (; after < lessons.length; after++) {
    const { path: text, name, bytes: total, digest } = lessons[after]!
    let done = 0
    const hash = createHash("sha256")
    await readText(predictor, hashed(chunksOf(text), hash), (_, bytes) => {
      done += bytes
      options.onProgress?.({ doing: "reading", name, done, total })
    })
    if (`sha256:${hash.digest("hex")}` !== digest)
      refuse({
        code: "OB803",
        seen: `${text} was changed while it was read.`,
        hint: "Leave it as it is, and try again.",
      })
    bytesRead += done
    if (after + 2 >= lessons.length) await remember(after + 1)
  }
  if (bytesRead > 0 && isOwn && isAsSaid) await forgetOthers(folder, lessons.length)
  return { path, predictor, asides: told, memoryBytes, module, found, lessons, states, bytesRead }
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}

async function readPrimer(predictor: Predictor, text: Uint8Array, onProgress: OnProgress | undefined): Promise<number> {
  let done = 0
  await readText(predictor, inChunks(text, CHUNK), (_, bytes) => {
    done += bytes
    onProgress?.({ doing: "reading its primer", name: PRIMER, done, total: text.length })
  })
  return text.length
}
