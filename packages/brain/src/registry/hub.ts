import type { Digest } from "@open-brains/core/base/digest.ts"
import { isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { type Problem, refuse } from "@open-brains/core/base/problem.ts"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import { type PublicKey, parsePublicKey } from "@open-brains/core/commons/envelope.ts"
import { type ModuleName, readReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { jsonOf, type Reading, readingOf } from "@open-brains/core/commons/shape.ts"
import { shorten } from "../layout.ts"
import { type Answer, jsonIn, openTransport, refused, type Transport, type TransportOptions } from "./transport.ts"

/** What a hub does beyond a registry: it moves tags by signed statements, and finds modules. */
export interface Hub {
  readonly place: string
  tags(module: ModuleName): Promise<readonly HubTag[]>
  /** Errors: what the hub says, with its own code. */
  push(envelope: Uint8Array): Promise<{ readonly is: "moved" } | { readonly is: "candidate"; readonly id: string }>
  /** Who speaks for a namespace, or nothing. */
  owner(namespace: string): Promise<Owner | undefined>
  claim(envelope: Uint8Array): Promise<void>
  search(words: string): Promise<readonly Found[]>
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
  const post = (path: string, body: Uint8Array): Promise<Answer> =>
    send({ method: "POST", at: path, body, headers: { "content-type": MEDIA.envelope, accept: "application/json" } })
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
        return {
          tag: reading.text(tag["tag"], `tags[${i}].tag`, 128),
          artifact: reading.digest(tag["artifact"], `tags[${i}].artifact`),
          serial: reading.whole(tag["serial"], `tags[${i}].serial`),
        }
      })
    },
    async push(envelope) {
      const answer = await post("/api/v1/pushes", envelope)
      const isCandidate = answer.status === 202
      const json = reading.object(await asked(answer, "take the push"), "")
      if (!isCandidate) return { is: "moved" }
      const id = json["candidate"]
      return { is: "candidate", id: typeof id === "number" ? `${id}` : reading.text(id, "candidate", 200) }
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
    async claim(envelope) {
      await asked(await post("/api/v1/namespaces", envelope), "take the claim")
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
