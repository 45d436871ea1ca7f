import { refuse } from "@open-brains/core/base/problem.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { CheckedModule, Composition } from "@open-brains/core/composition/composition.ts"
import { type OpenBrain, openComposition } from "@open-brains/core/run/composed.ts"
import type { Clock } from "@open-brains/core/run/evaluate.ts"
import type { LabelValue, Part } from "@open-brains/core/run/part.ts"
import { load } from "../load.ts"
import type { EngineName } from "../native/engines.ts"
import { cachedComposition, keepComposition } from "./cache.ts"
import { gather } from "./gather.ts"
import { needBrainFile } from "./sources.ts"

export interface ComposeOptions {
  readonly engine?: EngineName
}

/** Reads and checks a brain: a file, or a folder whose manifest is one. Errors: OB631, OB632, and all that checking finds. */
export async function checkBrain(path: string): Promise<Composition> {
  const file = await needBrainFile(path)
  const known = cachedComposition(file)
  if (known) return known
  const gathered = await gather(file)
  const { composition, problems } = checkBrains(gathered.library, gathered.main)
  if (composition === undefined) return refuse(...problems)
  keepComposition(gathered, composition)
  return composition
}

/** Opens a brain, ready to answer. Errors: those of `checkBrain`, and of opening its modules. */
export async function compose(path: string, options: ComposeOptions = {}): Promise<OpenBrain> {
  return openComposition(await checkBrain(path), { open: (module) => openPart(module, options), clock })
}

export const clock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

export async function openPart(module: CheckedModule, { engine }: ComposeOptions): Promise<Part> {
  switch (module.kind) {
    case "net":
      return openNetPart(module, engine)
    case "code":
    case "remote":
      throw new Error(`bug: ${module.kind} parts are not opened yet`)
    default:
      return module.kind satisfies never
  }
}

/** A net as a part: text in, a label with its logits out. */
async function openNetPart({ folder }: CheckedModule, engine: EngineName | undefined): Promise<Part> {
  const brain = await load(folder!, engine)
  return {
    ask([text]) {
      const { label, guess, probability, needed, because } = brain.ask(text as string)
      const value: LabelValue = {
        label,
        guess,
        probability,
        logits: brain.scores(),
        needed: needed * 256,
        ...(because ? { because } : {}),
      }
      return [value]
    },
  }
}
