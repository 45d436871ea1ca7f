import type { Card } from "@open-brains/core/commons/card.ts"
import { EDGE, type Reference, readReference, repositoryOf, STABLE } from "@open-brains/core/commons/reference.ts"
import type { Place, WorkWithin } from "@open-brains/core/commons/work.ts"
import { protectedBenchmarks } from "@open-brains/core/gate/protected.ts"
import { documentOf, findRepository, readModule, tagOf } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestFrom, type Hash, hashOf, isSameHash } from "../hash.ts"
import type { Candidate, CandidateRecord, ProtectedOne } from "./record.ts"

const BRAINS_MAX = 10_000
const NAMES_MAX = 1000 // that are looked for, of all that are declared: those of most namespaces

export type Protected =
  | { readonly benchmarks: readonly ProtectedOne[]; readonly leftOut: CandidateRecord["leftOut"] }
  /** Free: nobody has said, by a benchmark that this hub could run, what they live by. */
  | { readonly unprotected: string; readonly isFree: boolean; readonly leftOut: CandidateRecord["leftOut"] }

/**
 * The benchmarks that brains of other namespaces live by which have the module in their locks, each with the number of those
 * namespaces, and the target of the push. Each is run within a brain of the namespace that the benchmark is of, where one declares it, else
 * within the one that was pushed first: so nobody takes the question out of Ben's benchmark by an early brain that does not listen. Claims
 * of namespaces younger than `namespaceAgeMs` do not count, so that nobody makes up a crowd at once, nor do those of whoever proposes.
 */
export async function protectedOf(context: Context, candidate: Candidate): Promise<Protected> {
  const { read } = context.database
  const uses = await usesOf(context, candidate)
  const leftOut: { name: string; because: string }[] = []
  const places = new Map<string, Place>()
  const reference = candidate.record.target === null ? undefined : readReference(candidate.record.target)
  const target = reference && repositoryOf(reference)
  const module = { namespace: candidate.namespace, name: candidate.name }
  const popular = [...uses.declared].toSorted(([, a], [, b]) => b.namespaces.size - a.namespaces.size)
  for (const [name, { asked }] of popular.slice(0, NAMES_MAX)) {
    if (name === target) continue
    const place = await placeOf(read, asked)
    if (place !== undefined) places.set(name, place)
    else leftOut.push({ name, because: `${name} is not at this hub.` })
  }
  if (candidate.record.proposer !== undefined && target !== undefined && !uses.declared.has(target))
    return {
      unprotected: `A stranger proves something by what others live by, and no brain that counts declares ${target}.`,
      ...{ isFree: false, leftOut },
    }
  if (reference !== undefined && target !== undefined) {
    const place = await placeOf(read, reference)
    if (place === undefined)
      return {
        unprotected: `What the push is to be better at, ${target}, is not at this hub: push it first.`,
        ...{ isFree: false, leftOut },
      }
    places.set(target, place)
  }
  const counts = [...uses.declared].flatMap(([benchmark, { namespaces }]) =>
    places.has(benchmark) ? [{ benchmark, namespaces: namespaces.size }] : [],
  )
  const chosen = protectedBenchmarks(counts, target)
  if (chosen.length === 0) return { unprotected: unprotected(candidate, uses.brains, leftOut), isFree: true, leftOut }
  const benchmarks = chosen.map(({ name, weight }): ProtectedOne => {
    const brain = uses.declared.get(name)?.within
    const within: WorkWithin | undefined = brain && { brain: brain.place, module }
    return { name, place: places.get(name)!, weight, ...(within ? { within } : {}), itemCount: null }
  })
  return { benchmarks, leftOut }
}

function unprotected(
  { namespace, name, record }: Candidate,
  brains: readonly string[],
  leftOut: CandidateRecord["leftOut"],
): string {
  const shown = brains.slice(0, 3).join(", ")
  const who =
    brains.length === 0
      ? "no brain whose namespace is old enough to count"
      : `none of the brains that use it (${shown})`
  const missing = leftOut
    .slice(0, 3)
    .map((each) => each.name)
    .join(", ")
  const what = missing === "" ? "a benchmark that they live by" : `benchmarks that are here: ${missing} is not`
  const nothing = `Nothing of ${namespace}/${name} is protected: ${who} declares a benchmark of this hub.`
  return record.proposer === undefined
    ? `${nothing} Whoever builds on it and wants a say declares ${what}.`
    : `${nothing} So a stranger has nothing to prove. Let them declare ${what}; or ask ${namespace} to push it.`
}

interface Declared {
  readonly asked: Reference
  readonly namespaces: Set<string>
  within: InBrain
}
interface InBrain {
  readonly place: Place
  /** Of the namespace that the benchmark is of. */
  readonly isOwn: boolean
  readonly first: number // when it was pushed, by the log
}
const isBefore = (one: InBrain, other: InBrain): boolean =>
  one.isOwn === other.isOwn ? one.first < other.first : one.isOwn
interface Uses {
  readonly brains: readonly string[]
  readonly declared: ReadonlyMap<string, Declared>
}
async function usesOf(context: Context, candidate: Candidate): Promise<Uses> {
  const { database, limits, clock } = context
  const { read } = database
  const found = await read
    .selectFrom("use")
    .innerJoin("repository", "repository.id", "use.repository")
    .innerJoin("namespace", "namespace.name", "repository.namespace")
    .innerJoin("card", "card.repository", "use.repository")
    .innerJoin("tag", (join) => join.onRef("tag.repository", "=", "use.repository").onRef("tag.name", "=", "use.tag"))
    .innerJoin("manifest", (join) =>
      join.onRef("manifest.repository", "=", "use.target").onRef("manifest.hash", "=", "use.artifact"),
    )
    .select(["repository.namespace", "repository.name", "namespace.keys"])
    .select(["tag.hash", "card.artifact", "card.json"])
    .select(({ selectFrom }) =>
      selectFrom("push")
        .select(({ fn }) => fn.min("push.id").as("first"))
        .whereRef("push.repository", "=", "use.repository")
        .whereRef("push.artifact", "=", "tag.hash")
        .as("first"),
    )
    .where("use.target", "=", candidate.repository)
    .where("repository.namespace", "!=", candidate.namespace)
    .where("card.kind", "=", "brain")
    .where("namespace.at", "<=", clock() - limits.namespaceAgeMs)
    .orderBy("use.repository")
    .orderBy("use.tag")
    .limit(BRAINS_MAX)
    .execute()
  const declared = new Map<string, Declared>()
  const brains = new Set<string>()
  const { proposer } = candidate.record
  for (const { namespace, name, keys, hash, artifact, json, first } of found) {
    if (hash === null || (proposer !== undefined && (JSON.parse(keys) as readonly string[]).includes(proposer)))
      continue
    brains.add(`${namespace}/${name}`)
    // The newest card is at hand; what another tag stands for has its own.
    const card = isSameHash(hash, artifact) ? (JSON.parse(json) as Card) : await cardOf(context, hash)
    const place = { repository: `${namespace}/${name}`, artifact: digestFrom(hash) }
    for (const text of card.benchmarks) {
      const asked = readReference(text)
      if (asked === undefined) continue
      const pushed = first === null ? Number.MAX_SAFE_INTEGER : Number(first)
      const within: InBrain = { place, isOwn: asked.namespace === namespace, first: pushed }
      const known = declared.get(repositoryOf(asked))
      if (known === undefined) declared.set(repositoryOf(asked), { asked, namespaces: new Set([namespace]), within })
      else {
        known.namespaces.add(namespace)
        if (isBefore(within, known.within)) known.within = within
      }
    }
  }
  return { brains: [...brains], declared }
}
async function cardOf(context: Context, hash: Hash): Promise<Card> {
  const manifest = await documentOf(context.database.read, hash)
  const module = manifest && (await readModule(context, manifest))
  if (module === undefined) throw new Error("bug: a tag stands for nothing")
  return module.card
}

/** What a benchmark is now: of a digest that one, else its tag, else what is stable, else the newest. */
async function placeOf(read: Queries, { namespace, name, tag, digest }: Reference): Promise<Place | undefined> {
  const repository = await findRepository(read, namespace, name)
  if (repository === undefined) return undefined
  const at = (hash: Hash): Place => ({ repository: `${namespace}/${name}`, artifact: digestFrom(hash) })
  for (const each of tag === undefined ? [STABLE, EDGE] : [tag, STABLE, EDGE]) {
    if (digest !== undefined) break
    const { artifact } = await tagOf(read, repository, each)
    if (artifact !== null) return at(artifact)
  }
  if (digest === undefined) return undefined
  const there = await read
    .selectFrom("manifest")
    .select("hash")
    .where("repository", "=", repository)
    .where("hash", "=", hashOf(digest))
    .executeTakeFirst()
  return there && at(there.hash)
}
