import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { EDGE, repositoryOf, STABLE } from "@open-brains/core/commons/reference.ts"
import { isPassing, meanScore } from "@open-brains/core/commons/score.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { artifactOfBenchmark } from "../benchmarks/attest.ts"
import { openBenchmark } from "../benchmarks/benchmark.ts"
import { storeName } from "../brains/names.ts"
import type { Place } from "../registry/open.ts"
import type { Registry } from "../registry/registry.ts"
import { lookAt } from "./copy.ts"
import { putSignature, signedOf } from "./signatures.ts"

/** “That module passes this benchmark”, as somebody signed it. */
export interface Pass {
  readonly module: Digest
  readonly benchmark: Digest
  readonly score: number
  readonly items: number
  readonly keys: readonly PublicKey[]
}

/** What is signed of passing a benchmark, beside that benchmark or beside a module; `cardOf` gives the card of the benchmark. */
export async function passesBeside(
  registry: Registry,
  repository: string,
  artifact: Digest,
  cardOf: (benchmark: Digest) => Promise<Card | undefined>,
): Promise<readonly Pass[]> {
  const found: Pass[] = []
  for (const { statement, signers } of await signedOf(registry, repository, artifact, MEDIA.attestation)) {
    if (statement.type !== TYPES.attestation) continue
    const { candidate, benchmark, items } = statement
    if (candidate !== artifact && benchmark !== artifact) continue
    const card = await cardOf(benchmark)
    if (card?.kind === "benchmark" && isPassing(statement, card))
      found.push({ module: candidate, benchmark, score: meanScore(statement), items: items.count, keys: signers })
  }
  return found
}

/** A module of a place as one of its tags has it. */
export interface Standing {
  readonly repository: string
  readonly tag: string
  readonly digest: Digest
  readonly card: Card
}
/** So many tags are looked at. */
const TAGS_MAX = 1000

/** What the tags of a place stand for, `stable` and `edge` first; what is no module of ours is passed over. */
export async function standingAt(registry: Registry, onLook?: (name: string) => void): Promise<readonly Standing[]> {
  const found: Standing[] = []
  const order = (tag: string): number => (tag === STABLE ? 0 : tag === EDGE ? 1 : 2)
  let looked = 0
  for (const repository of await registry.repositories())
    for (const tag of [...(await registry.tags(repository))].sort((a, b) => order(a) - order(b))) {
      if (looked++ >= TAGS_MAX) return found
      onLook?.(`${repository}:${tag}`)
      const described = await registry.resolve(repository, tag)
      if (described?.mediaType !== MEDIA.manifest) continue
      try {
        const { card } = await lookAt(registry, repository, described.digest)
        found.push({ repository, tag, digest: described.digest, card })
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
      }
    }
  return found
}

/** The passes beside a module, with what both are called at the place. */
export async function namedPasses(
  registry: Registry,
  repository: string,
  artifact: Digest,
): Promise<{ readonly passes: readonly NamedPass[]; readonly passedBy: readonly NamedPass[] }> {
  let standing: readonly Standing[] | undefined
  const named = async (digest: Digest): Promise<Standing | undefined> => {
    standing ??= await standingAt(registry)
    return standing.find((each) => each.digest === digest)
  }
  const all = await passesBeside(registry, repository, artifact, async (each) => (await named(each))?.card)
  const [passes, passedBy]: [NamedPass[], NamedPass[]] = [[], []]
  for (const { module, benchmark, score, keys } of all) {
    const other = module === artifact ? benchmark : module
    const name = (await named(other))?.repository ?? other
    ;(module === artifact ? passes : passedBy).push({ name, score, keys })
  }
  return { passes, passedBy }
}
export interface NamedPass {
  /** namespace/name, or a digest where no tag stands for it. */
  readonly name: string
  readonly score?: number
  readonly keys: readonly PublicKey[]
}

/** The repository that a benchmark lies in at a place, as it is here. Errors: OB712 when it is not there, OB751. */
export async function repositoryOfBenchmark({ registry }: Place, name: string): Promise<string> {
  const opened = await openBenchmark(name)
  await opened.close()
  const digest = await artifactOfBenchmark({ benchmark: opened })
  const reference = storeName(name)
  if (reference !== undefined && (await registry.resolve(repositoryOf(reference), digest)) !== undefined)
    return repositoryOf(reference)
  const found = (await standingAt(registry)).find((each) => each.digest === digest)
  if (found !== undefined) return found.repository
  return refuse({
    code: "OB712",
    seen: `${registry.place} does not have the benchmark ${name} as it is here, ${digest}.`,
    hint: `Push it there first: brain push FOLDER ${reference ? repositoryOf(reference) : "NAMESPACE/NAME"} --to ${registry.place}`,
  })
}

/** Puts a signed score beside the module and beside the benchmark, so that it is found from both. A hub is told. */
export async function putPass(
  { registry, hub }: Place,
  envelope: Uint8Array,
  subjects: readonly { readonly repository: string; readonly digest: Digest }[],
): Promise<void> {
  if (hub !== undefined) return hub.attest(envelope)
  for (const { repository, digest } of subjects) {
    const subject = await registry.resolve(repository, digest)
    if (subject !== undefined) await putSignature(registry, repository, envelope, subject, MEDIA.attestation)
  }
}
