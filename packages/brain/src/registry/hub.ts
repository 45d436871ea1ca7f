import type { Digest } from "@open-brains/core/base/digest.ts"
import { isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { type Problem, refuse } from "@open-brains/core/base/problem.ts"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import { type CandidateView, readCandidateView } from "@open-brains/core/commons/candidate.ts"
import { type Delivery, printDelivery } from "@open-brains/core/commons/delivery.ts"
import { ENVELOPE_LIMITS, type PublicKey, parsePublicKey } from "@open-brains/core/commons/envelope.ts"
import { isTag, type ModuleName, readReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { jsonOf, type Reading, readingOf } from "@open-brains/core/commons/shape.ts"
import { type Job, readLeased } from "@open-brains/core/commons/work.ts"
import { shorten } from "../layout.ts"
import { type Answer, jsonIn, openTransport, refused, type Transport, type TransportOptions } from "./transport.ts"

/** What a hub does beyond a registry: it moves tags by signed statements, and finds modules. */
export interface Hub {
  readonly place: string
  tags(module: ModuleName): Promise<readonly HubTag[]>
  /** The files of the module are there already; where it is an envelope alone, manifest and card too. Errors: what the hub says, with its own code. */
  push(
    push: Delivery | Uint8Array,
  ): Promise<{ readonly is: "moved" } | { readonly is: "candidate"; readonly id: string }>
  /** Who speaks for a namespace, or nothing. */
  owner(namespace: string): Promise<Owner | undefined>
  /** The newest statement of whose a namespace is, as it was signed; nothing of one that nobody owns. */
  ownership(namespace: string): Promise<Uint8Array | undefined>
  claim(envelope: Uint8Array): Promise<void>
  /** Says what was measured. */
  attest(envelope: Uint8Array): Promise<void>
  search(words: string): Promise<readonly Found[]>
  /** Its own key: whom requests for work are meant for. Errors: OB722 of a hub that does not say. */
  key(): Promise<PublicKey>
  /** A job, or when to ask again. Errors: OB743, and what the hub says. */
  work(envelope: Uint8Array): Promise<HubJob | { readonly againMs: number }>
  /** Errors: what the hub says of a result that it does not take. */
  result(job: number, envelope: Uint8Array): Promise<void>
  candidate(id: number): Promise<CandidateView>
  /** The newest first. */
  candidates(module: ModuleName): Promise<readonly CandidateView[]>
  /** Benchmarks that nothing passes. */
  wishes(): Promise<readonly Found[]>
  /** Benchmarks that an artifact of a module passes, and modules that pass it; of one that is not the newest nothing. */
  passes(
    module: ModuleName,
    artifact: Digest,
  ): Promise<{ readonly passes: readonly HubPass[]; readonly passedBy: readonly HubPass[] }>
}
export interface HubJob {
  readonly job: Job
  /** How long the job is this worker's, by the clock of the hub, whatever the clock here says. */
  readonly leaseMs: number
}
export interface HubPass {
  readonly name: string
  readonly key: PublicKey
}
export interface Owner {
  readonly keys: readonly PublicKey[]
  /** So many of them must sign. */
  readonly threshold: number
  /** Of the statement that says so. */
  readonly serial: number
}
export interface HubTag {
  readonly tag: string
  readonly artifact: Digest
  /** How often it was moved: the serial number of the next push. */
  readonly serial: number
}
export interface Found {
  readonly name: string
  readonly about: string
  readonly kind: string
}

const JSON_BYTES_MAX = 2 ** 22
const FOUND_MAX = 100
const WISHES_MAX = 1000
const KEYS_MAX = 16

/** The hub at an address, or nothing: a registry knows no such path. Errors: OB720. */
export async function findHub(address: URL, options: TransportOptions = {}): Promise<Hub | undefined> {
  const transport = openTransport(address, options)
  if (transport.base.pathname !== "/") return undefined
  const answer = await transport.send({ method: "GET", at: "/api/v1", headers: { accept: "application/json" } })
  if (answer.status !== 200) {
    answer.drop()
    return undefined
  }
  const json = jsonIn(await answer.read(JSON_BYTES_MAX))
  return isJsonObject(json) && json["hub"] === "open-brains" ? hubAt(transport) : undefined
}

function hubAt({ place, send }: Transport): Hub {
  const reading = readingOf(`The answer of ${place}`, "OB722", "Check the address: it is that of a hub.")
  async function asked(answer: Answer, doing: string): Promise<Json> {
    if (answer.status >= 200 && answer.status < 300) return jsonOf(await answer.read(JSON_BYTES_MAX), reading)
    const json = jsonIn(await answer.read(JSON_BYTES_MAX).catch(() => new Uint8Array()))
    const problem = problemIn(json, place)
    return problem ? refuse(problem) : refused(place, answer, doing)
  }
  /** What became of a push that is sent once more: the candidate that it is. */
  async function candidateBefore(json: Json | undefined): Promise<string | undefined> {
    const state = json !== undefined && isJsonObject(json) && json["code"] === "OB734" ? json["state"] : undefined
    const id = state !== undefined && isJsonObject(state) ? state["candidate"] : undefined
    if (!Number.isSafeInteger(id)) return undefined
    const answer = await send({ method: "GET", at: `/api/v1/candidates/${id}` })
    answer.drop()
    return answer.status === 200 ? `${id}` : undefined
  }
  const post = (path: string, body: Uint8Array, type: string = MEDIA.envelope): Promise<Answer> =>
    send({ method: "POST", at: path, body, headers: { "content-type": type, accept: "application/json" } })
  return {
    place,
    async tags(module) {
      const answer = await send({ method: "GET", at: `/api/v1/modules/${repositoryOf(module)}/tags` })
      if (answer.status === 404) {
        answer.drop()
        return []
      }
      const json = await asked(answer, "tell the tags")
      return reading.list(listIn(json, "tags"), "tags", 10_000).map((each, i) => {
        const tag = reading.object(each, `tags[${i}]`)
        const name = reading.text(tag["tag"], `tags[${i}].tag`, 128)
        return {
          tag: isTag(name) ? name : reading.fail(`tags[${i}].tag`, "tag"),
          artifact: reading.digest(tag["artifact"], `tags[${i}].artifact`),
          serial: reading.whole(tag["serial"], `tags[${i}].serial`),
        }
      })
    },
    async push(push) {
      const answer = await (push instanceof Uint8Array
        ? post("/api/v1/pushes", push)
        : post("/api/v1/pushes", printDelivery(push), MEDIA.delivery))
      if (answer.status === 409) {
        const json = jsonIn(await answer.read(JSON_BYTES_MAX))
        const id = await candidateBefore(json)
        if (id !== undefined) return { is: "candidate", id }
        const problem = problemIn(json, place)
        return problem ? refuse(problem) : refused(place, answer, "take the push")
      }
      const isCandidate = answer.status === 202
      const json = reading.object(await asked(answer, "take the push"), "")
      if (!isCandidate) return { is: "moved" }
      return { is: "candidate", id: `${reading.whole(json["candidate"], "candidate")}` }
    },
    async owner(namespace) {
      const answer = await send({ method: "GET", at: `/api/v1/namespaces/${namespace}` })
      if (answer.status === 404) {
        answer.drop()
        return undefined
      }
      const json = reading.object(await asked(answer, "tell who owns a namespace"), "")
      return {
        keys: reading
          .list(json["keys"], "keys", KEYS_MAX)
          .map((each, i) => parsePublicKey(reading.text(each, `keys[${i}]`, 64)) ?? reading.fail(`keys[${i}]`, "key")),
        threshold: reading.whole(json["threshold"], "threshold"),
        serial: reading.whole(json["serial"], "serial"),
      }
    },
    async ownership(namespace) {
      const answer = await send({ method: "GET", at: `/api/v1/namespaces/${namespace}/statement` })
      if (answer.status === 200) return answer.read(ENVELOPE_LIMITS.bytes)
      if (answer.status !== 404) await asked(answer, "say who owns a namespace")
      answer.drop()
      return undefined
    },
    async claim(envelope) {
      await asked(await post("/api/v1/namespaces", envelope), "take the claim")
    },
    async key() {
      const json = await asked(await send({ method: "GET", at: "/api/v1" }), "say who it is")
      const said = reading.text(reading.object(json, "")["key"], "key", 64)
      return parsePublicKey(said) ?? reading.fail("key", "key of ed25519")
    },
    async work(envelope) {
      const answer = await post("/api/v1/work", envelope)
      if (answer.status === 204) {
        answer.drop()
        const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN)
        return { againMs: seconds >= 0 ? 1000 * seconds : Number.POSITIVE_INFINITY }
      }
      if (answer.status !== 200) await asked(answer, "give work")
      const { job, leaseUntil } = readLeased(await answer.read(JSON_BYTES_MAX))
      const told = Date.parse(answer.headers.get("date") ?? "")
      return { job, leaseMs: leaseUntil - (Number.isNaN(told) ? Date.now() : told) }
    },
    async result(job, envelope) {
      await asked(await post(`/api/v1/jobs/${job}`, envelope), "take the result")
    },
    async candidate(id) {
      const answer = await send({ method: "GET", at: `/api/v1/candidates/${id}` })
      const json = await asked(answer, "tell of the candidate")
      return readCandidateView(new TextEncoder().encode(JSON.stringify(json)))
    },
    async candidates(module) {
      const answer = await send({ method: "GET", at: `/api/v1/modules/${repositoryOf(module)}/candidates` })
      const json = await asked(answer, "list the candidates")
      return reading
        .list(listIn(json, "candidates"), "candidates", 1000)
        .map((each) => readCandidateView(new TextEncoder().encode(JSON.stringify(each))))
    },
    async attest(envelope) {
      await asked(await post("/api/v1/attestations", envelope), "take the attestation")
    },
    async wishes() {
      const found: Found[] = []
      for (let after = ""; found.length < WISHES_MAX; ) {
        const at = `/api/v1/wishes?limit=100${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`
        const json = await asked(await send({ method: "GET", at }), "tell the wishes")
        const page = reading.list(listIn(json, "found"), "found", 100)
        found.push(...page.map(foundIn(reading)))
        const next = isJsonObject(json) ? json["after"] : undefined
        if (next === undefined || page.length === 0) break
        after = reading.text(next, "after", 200)
      }
      return found
    },
    async passes(module, artifact) {
      const json = reading.object(
        await asked(await send({ method: "GET", at: `/api/v1/modules/${repositoryOf(module)}` }), "tell of the module"),
        "",
      )
      const list = (member: string): readonly HubPass[] =>
        json[member] === undefined || json["artifact"] !== artifact
          ? []
          : reading.list(json[member], member, 1000).map((each, i) => {
              const { module: name, key } = reading.object(each, `${member}[${i}]`)
              const parsed = parsePublicKey(reading.text(key, `${member}[${i}].key`, 64))
              return {
                name: reading.line(name, `${member}[${i}].module`, 200),
                key: parsed ?? reading.fail(`${member}[${i}].key`, "key"),
              }
            })
      return { passes: list("passes"), passedBy: list("passedBy") }
    },
    async search(words) {
      const at = `/api/v1/search?q=${encodeURIComponent(words)}`
      const json = await asked(await send({ method: "GET", at }), "search")
      return reading.list(listIn(json, "found"), "found", 10_000).slice(0, FOUND_MAX).map(foundIn(reading))
    },
  }
}
/** A list, by itself or as the member of an object. */
const listIn = (json: Json, member: string): Json | undefined => (isJsonObject(json) ? json[member] : json)
const foundIn =
  (reading: Reading) =>
  (each: Json, i: number): Found => {
    const found = reading.object(each, `found[${i}]`)
    const name = reading.text(found["module"], `found[${i}].module`, 200)
    if (readReference(name) === undefined) reading.fail(`found[${i}].module`, "name of a module")
    const [about, kind] = (["about", "kind"] as const).map((member) =>
      typeof found[member] === "string" ? shorten(found[member], 200) : "",
    )
    return { name, about: about!, kind: kind! }
  }

/** A problem as the hub tells it, cut, and said to be the hub's. */
function problemIn(json: Json | undefined, place: string): Problem | undefined {
  if (json === undefined || !isJsonObject(json)) return undefined
  const { code, seen, hint } = json
  if (typeof code !== "string" || typeof seen !== "string" || typeof hint !== "string") return undefined
  if (!/^OB\d{3}$/.test(code)) return undefined
  return { code: code as Problem["code"], seen: `${place} says: ${shorten(seen, 500)}`, hint: shorten(hint, 500) }
}
