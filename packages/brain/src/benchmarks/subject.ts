import { resolve } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse, suggest } from "@open-brains/core/base/problem.ts"
import { readReference } from "@open-brains/core/commons/reference.ts"
import { askedInputs, scoredOutput, unaskable } from "@open-brains/core/composition/benchmark.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { Composition } from "@open-brains/core/composition/composition.ts"
import type { BrainSyntax, FileSyntax, UseSyntax } from "@open-brains/core/composition/syntax.ts"
import { elementOf, type Port } from "@open-brains/core/composition/types.ts"
import { openComposition } from "@open-brains/core/run/composed.ts"
import type { Outcome, Value } from "@open-brains/core/run/part.ts"
import { checkBrain, openPart, patientClock } from "../brains/compose.ts"
import { gather } from "../brains/gather.ts"
import { storeName } from "../brains/names.ts"
import { brainFileAt, needBrainFile } from "../brains/sources.ts"
import { load } from "../load.ts"
import type { EngineName } from "../native/engines.ts"
import { artifactOf } from "../store/artifact.ts"
import { artifactNamed, checkedOut, mineIfThere } from "../store/mine.ts"
import { type Said, scored } from "./answer.ts"
import type { OpenBenchmark } from "./benchmark.ts"
import type { Item } from "./items.ts"

/** What is run on benchmarks: a net, a brain, or a brain in which one of its modules is another one. */
export interface Subject {
  /** What it is called where it was asked for: the module, where it stands in a brain. */
  readonly name: string
  /** Where the module lies. */
  readonly path: string
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  /** Why nobody could run it again and get the same, if so: it asks somebody's machine. */
  readonly irreproducible?: string
  ask(
    inputs: readonly Value[],
  ): Promise<{ readonly outcome: readonly Outcome[]; readonly probability?: (label: string) => number }>
  close(): Promise<void>
}
/** The brain in whose place of a module each is run. */
export interface Within {
  readonly brain: string
  /** The name of a `use` of it, or the name of the store that it uses. */
  readonly use: string
}

/** Where what was named lies: a path as it is, a name of the store as the folder that it was unpacked to. Errors: OB616. */
export async function placeOf(name: string): Promise<string> {
  const reference = /^\.{0,2}\//.test(name) ? undefined : storeName(name)
  const layout = reference && (await mineIfThere())
  const artifact = layout && (await artifactNamed(layout, reference))
  return artifact === undefined ? name : checkedOut(artifact, layout)
}

/**
 * Opens a net or a brain to be run on items. No clock decides about its answers: of code the ticks count, and what a brain wants `within`
 * a time it gets also later, so that busy machines measure the same. Errors: those of `load` and `checkBrain`, OB758. */
export async function openSubject(name: string, within?: Within, engine?: EngineName): Promise<Subject> {
  const path = await placeOf(name)
  if (within) {
    const composition = await replaced(await placeOf(within.brain), within.use, path)
    return { ...(await openBrain(composition, engine)), name, path }
  }
  if (brainFileAt(path) !== undefined) return { ...(await openBrain(await checkBrain(path), engine)), name, path }
  const brain = await load(path, engine)
  const { takes, gives } = brain.files.manifest
  return {
    name,
    path,
    takes: [{ name: takes.name, type: { type: "text", bytesMax: takes.bytesMax } }],
    gives: [{ name: gives.name, type: { type: "label", labels: brain.labels } }],
    async ask([text]) {
      const { label, guess, probability } = brain.ask(text as string)
      const places = brain.labels
      return {
        outcome: [{ label, guess, probability }],
        probability: (each) => (places.includes(each) ? brain.probabilityOf(places.indexOf(each)) : 0),
      }
    },
    close: async () => undefined,
  }
}

/** A brain that was checked, as a subject. */
export async function openBrain(
  composition: Composition,
  engine?: EngineName,
): Promise<Omit<Subject, "name" | "path">> {
  const open = await openComposition(composition, {
    open: (module) => openPart(module, { isMeasured: true, ...(engine ? { engine } : {}) }),
    clock: patientClock,
  })
  const { gives } = open
  const takes = open.takes.map((port) => ({ ...port, type: elementOf(port.type) }))
  const remote = composition.modules.find(({ kind }) => kind === "remote")
  return {
    takes,
    gives,
    ...(remote ? { irreproducible: `\`${remote.name}\` is somebody's machine` } : {}),
    async ask(inputs) {
      open.reset() // each item by itself, in whatever order
      const { outputs } = await open.ask(Object.fromEntries(takes.map(({ name }, i) => [name, inputs[i]!])))
      return { outcome: gives.map(({ name }) => outputs[name]!) }
    },
    close: open.close,
  }
}

/** A brain in which a `use` leads to another module: checked whole again. Errors: OB758, and those of `checkBrain`. */
async function replaced(brain: string, name: string, path: string): Promise<Composition> {
  const file = needBrainFile(brain)
  const edit = (syntax: FileSyntax): FileSyntax => {
    const last = syntax.definitions.findLast((each) => each.kind === "brain")
    if (last === undefined) return syntax // checking tells of it
    const wanted = usesCalled(last, name)
    if (wanted.length === 0)
      refuse({
        code: "OB758",
        seen: `\`${last.name.text}\` uses no \`${name}\`.`,
        hint: suggest(
          name,
          last.uses.map((use) => use.name.text),
        ),
      })
    const uses = last.uses.map((use): UseSyntax => {
      if (!wanted.includes(use)) return use
      const { digest: _, ...rest } = use
      return { ...rest, source: { ...use.source, text: resolve(path) }, isString: true }
    })
    const definitions = syntax.definitions.map((each) => (each === last ? { ...last, uses } : each))
    return { ...syntax, definitions }
  }
  const { library, main } = await gather(file, { edit, led: resolve(path) })
  const { composition, problems } = checkBrains(library, main)
  return composition ?? refuse(...problems)
}
/** By the name of the use, else by what of the store it uses, whatever its tag. */
function usesCalled({ uses }: BrainSyntax, name: string): readonly UseSyntax[] {
  const named = uses.filter((use) => use.name.text === name)
  if (named.length > 0) return named
  const wanted = readReference(name)
  return uses.filter(({ source }) => {
    const found = readReference(source.text)
    return wanted !== undefined && found?.namespace === wanted.namespace && found.name === wanted.name
  })
}

/** The digest of the artifact, or nothing for what cannot be one, such as a brain that is not locked. */
export async function identityOf({ path }: Subject): Promise<Digest | undefined> {
  try {
    return (await artifactOf(path)).artifact.digest
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** Errors: OB752 when the benchmark cannot ask it. */
export function refuseUnaskable(benchmark: OpenBenchmark, subject: Subject): void {
  const why = unaskable(benchmark.manifest, subject)
  if (why !== undefined)
    refuse({
      code: "OB752",
      seen: `${benchmark.name} cannot ask ${subject.name}: ${why}.`,
      hint: "Take a benchmark whose inputs fit what is taken, and whose answers can be given.",
    })
}

/** Asks a subject one item of a benchmark that fits it. */
export async function runItem(subject: Subject, benchmark: OpenBenchmark, item: Item): Promise<Said> {
  const { manifest } = benchmark
  const places = askedInputs(manifest, subject).map((port) => manifest.takes.indexOf(port!))
  const output = subject.gives.indexOf(scoredOutput(manifest, subject)!)
  const { outcome, probability } = await subject.ask(places.map((place) => item.inputs[place]!))
  const { type } = subject.gives[output]!
  return scored(outcome[output]!, item.expected, manifest.metric, type.type === "label" ? type.labels : [], probability)
}
