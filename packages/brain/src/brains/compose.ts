import { join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { CheckedModule, Composition } from "@open-brains/core/composition/composition.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { type OpenBrain, openComposition } from "@open-brains/core/run/composed.ts"
import type { Clock } from "@open-brains/core/run/evaluate.ts"
import type { LabelValue, Part, Value } from "@open-brains/core/run/part.ts"
import { openCode } from "../code/open.ts"
import { load } from "../load.ts"
import { chooseEngine } from "../native/choice.ts"
import type { EngineName } from "../native/engines.ts"
import { openRemote, type RemoteOptions } from "../remote/open.ts"
import { assureWhole } from "../store/mine.ts"
import { readStreamModule } from "../streams/module.ts"
import { openStepper } from "../streams/stepper.ts"
import { cachedComposition, keepComposition } from "./cache.ts"
import { gather } from "./gather.ts"
import { needBrainFile, readBytes } from "./sources.ts"

export interface ComposeOptions {
  readonly engine?: EngineName
  /** How remote parts are asked, if at all: without, nothing is sent and they give nothing. */
  readonly remote?: Partial<RemoteOptions>
  /** No clock decides about what code answers. */
  readonly isMeasured?: boolean
}

/** Reads and checks a brain: a file, or a folder whose manifest is one. Errors: OB631, OB632, and all that checking finds. */
export async function checkBrain(path: string): Promise<Composition> {
  const file = needBrainFile(path)
  const known = cachedComposition(file)
  if (known) return known
  const gathered = await gather(file)
  const { composition, problems } = checkBrains(gathered.library, gathered.main)
  if (composition === undefined) return refuse(...problems)
  setImmediate(keepComposition, gathered, composition) // whoever asks need not wait for it
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

/** For what others are to get the same of on other machines: what takes long takes long, and nothing is cut off. */
export const patientClock: Clock = { now: clock.now, after: () => () => undefined }

export async function openPart(module: CheckedModule, { engine, remote, isMeasured }: ComposeOptions): Promise<Part> {
  const { declaration, folder } = module
  if (folder !== undefined) await assureWhole(folder)
  switch (declaration?.kind) {
    case undefined:
    case "net":
      return module.isStepped ? openSteppedPart(module, engine) : openNetPart(module, engine)
    case "code":
      return openCode(declaration, readBytes(join(folder!, declaration.file)), {
        isMeasured: isMeasured === true,
      })
    case "remote":
      return openRemote(declaration, { allowed: false, environment: process.env, ...remote })
    default:
      return declaration satisfies never
  }
}

/** A net with a memory as a part: a sample in, and the label of the largest number out, or the numbers. */
async function openSteppedPart({ folder }: CheckedModule, engine: EngineName | undefined): Promise<Part> {
  const { graph, weights, labels } = await readStreamModule(folder!)
  const stepper = openStepper(netFromJson(graph), readSafetensors(weights, folder!), chooseEngine(engine).engine)
  const { input, output } = stepper
  const values = labels?.map((label): readonly Value[] => [{ label }])
  return {
    ask([sample]) {
      input.set(sample as Float32Array)
      stepper.step()
      if (values === undefined) return [output.slice()]
      let best = 0
      for (let i = 1; i < output.length; i++) if (output[i]! > output[best]!) best = i
      return values[best]!
    },
    reset: stepper.reset,
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
