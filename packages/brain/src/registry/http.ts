import { createHash } from "node:crypto"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, isJsonList, isJsonObject } from "@open-brains/core/base/json.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { ARTIFACT_LIMITS, type Descriptor, MEDIA, parseManifestFacts } from "@open-brains/core/commons/artifact.ts"
import { isTag, readReference } from "@open-brains/core/commons/reference.ts"
import { inBytes } from "../layout.ts"
import { sha256 } from "../store/whole.ts"
import type { Registry } from "./registry.ts"
import { type Answer, jsonIn, odd, openTransport, type Request, refused, type TransportOptions } from "./transport.ts"

const CHUNK_BYTES = 32 * 2 ** 20
const LIST_BYTES_MAX = 2 ** 24
const PAGES_MAX = 1000
/** A connection that breaks is taken up again where it broke, as often as this without so much more. */
const ATTEMPTS = 3
const MOVE_BYTES = 2 ** 14
/** Others write the list of referrers too, and there is no compare-and-swap. */
const FALLBACK_ATTEMPTS = 8
const ACCEPT = `${MEDIA.manifest}, ${MEDIA.index}`

/**
 * A registry behind an address; with a path, its repositories are those below it. Source: OCI distribution 1.1.
 * Errors: OB720 when it cannot be reached, OB721 when it does not do what it is asked, OB722 when its answer is none.
 */
export function openHttpRegistry(address: URL, options: TransportOptions = {}): Registry {
  const { place, base, send } = openTransport(address, options)
  const prefix = base.pathname.split("/").filter((each) => each !== "")
  const pathOf = (repository: string, rest: string): string => {
    if (readReference(repository) === undefined) throw new Error(`bug: ${repository} is no repository`)
    return `/v2/${[...prefix, repository, rest].join("/")}`
  }
  const asking = (
    method: Request["method"],
    repository: string,
    rest: string,
    more: Partial<Request> = {},
  ): Request => ({
    method,
    at: pathOf(repository, rest),
    scope: `repository:${[...prefix, repository].join("/")}:${method === "GET" || method === "HEAD" ? "pull" : "pull,push"}`,
    ...more,
  })
  const read = (repository: string, rest: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    send(asking("GET", repository, rest, { headers }))

  async function manifestAt(repository: string, reference: string): Promise<Uint8Array | undefined> {
    const answer = await read(repository, `manifests/${reference}`, { accept: ACCEPT })
    if (answer.status === 404) return void answer.drop()
    if (answer.status !== 200) return refused(place, answer, `give ${repository}:${reference}`)
    return answer.read(ARTIFACT_LIMITS.manifestBytes)
  }
  async function manifest(repository: string, digest: Digest): Promise<Uint8Array> {
    const bytes = (await manifestAt(repository, digest)) ?? absent(place, repository, digest)
    return sha256(bytes) === digest ? bytes : differs(place, repository, digest)
  }
  async function resolve(repository: string, reference: string): Promise<Descriptor | undefined> {
    const bytes = await manifestAt(repository, reference)
    if (bytes === undefined) return undefined
    const digest = sha256(bytes)
    if (parseDigest(reference) !== undefined && digest !== reference)
      return differs(place, repository, reference as Digest)
    const { mediaType, artifactType } = parseManifestFacts(bytes)
    return { mediaType, digest, size: bytes.length, ...(artifactType === undefined ? {} : { artifactType }) }
  }

  async function blob(repository: string, digest: Digest, size: number): Promise<Uint8Array> {
    if (size > ARTIFACT_LIMITS.fileBytes)
      return odd(
        place,
        `tells of ${inBytes(size)} for ${repository}@${digest}, and ${inBytes(ARTIFACT_LIMITS.fileBytes)} are taken`,
      )
    let chunks: Uint8Array[] = []
    let have = 0
    for (let attempt = 1; ; attempt++) {
      const from = have
      const answer = await read(repository, `blobs/${digest}`, from > 0 ? { range: `bytes=${from}-` } : {})
      if (answer.status === 404) return absent(place, repository, digest)
      const goesOn = answer.status === 206 && answer.headers.get("content-range")?.startsWith(`bytes ${from}-`) === true
      if (answer.status !== 200 && !goesOn) return refused(place, answer, `give the blob ${digest}`)
      if (!goesOn) [chunks, have] = [[], 0]
      try {
        for await (const chunk of answer.chunks()) {
          have += chunk.length
          if (have > size) break // dropped by leaving
          chunks.push(chunk)
        }
        break
      } catch (error) {
        if (have >= from + MOVE_BYTES)
          attempt = 0 // it moves
        else if (attempt >= ATTEMPTS || !(error instanceof Refusal)) throw error
      }
    }
    const hash = createHash("sha256")
    for (const chunk of chunks) hash.update(chunk)
    return have === size && `sha256:${hash.digest("hex")}` === digest
      ? Buffer.concat(chunks)
      : differs(place, repository, digest)
  }

  async function putBlob(repository: string, digest: Digest, bytes: Uint8Array, from?: string): Promise<void> {
    const mount = from === undefined ? "" : `?mount=${digest}&from=${encodeURIComponent([...prefix, from].join("/"))}`
    const started = await send(asking("POST", repository, `blobs/uploads/${mount}`))
    const isMounted = started.status === 201 && from !== undefined
    if (!isMounted && started.status !== 202) return refused(place, started, `take a blob of ${repository}`)
    started.drop()
    if (isMounted) return
    let at = onward(started)
    const upload = (method: "PATCH" | "PUT", body: Uint8Array, range: Readonly<Record<string, string>> = {}) =>
      send(
        asking(method, repository, "", { at, body, headers: { "content-type": "application/octet-stream", ...range } }),
      )
    let sent = 0
    if (bytes.length > CHUNK_BYTES)
      for (; sent < bytes.length; ) {
        const chunk = bytes.subarray(sent, sent + CHUNK_BYTES)
        const answer = await upload("PATCH", chunk, { "content-range": `${sent}-${sent + chunk.length - 1}` })
        if (answer.status !== 202) return refused(place, answer, `take a blob of ${repository}`)
        answer.drop()
        at = onward(answer)
        sent += chunk.length
      }
    at.searchParams.set("digest", digest)
    const answer = await upload("PUT", bytes.subarray(sent))
    if (answer.status !== 201) return refused(place, answer, `take the blob ${digest}`)
    answer.drop()
  }
  /** Where an upload goes on. Elsewhere would get what only this server may have. */
  function onward({ headers }: Answer): URL {
    const at = URL.parse(headers.get("location") ?? "", base)
    return at !== null && at.origin === base.origin ? at : odd(place, "names no address of its own for an upload")
  }

  async function putManifest(repository: string, bytes: Uint8Array, tag?: string): Promise<Descriptor> {
    const { mediaType, artifactType, subject, digest } = parseManifestFacts(bytes)
    const headers = { "content-type": mediaType }
    const answer = await send(asking("PUT", repository, `manifests/${tag ?? digest}`, { body: bytes, headers }))
    if (answer.status !== 201)
      return refused(place, answer, `take ${repository}${tag === undefined ? `@${digest}` : `:${tag}`}`)
    answer.drop()
    const told = answer.headers.get("docker-content-digest")
    if (told !== null && told !== digest) return odd(place, "keeps another manifest than it was given")
    const made = { mediaType, digest, size: bytes.length, ...(artifactType === undefined ? {} : { artifactType }) }
    if (subject !== undefined && answer.headers.get("oci-subject") === null)
      await inTurn(`${repository}@${subject.digest}`, () => listReferrer(repository, subject.digest, made))
    return made
  }
  /** What this process adds to a list it adds one after the other: a registry cannot be told “only if nobody wrote meanwhile”. */
  const turns = new Map<string, Promise<void>>()
  async function inTurn(list: string, work: () => Promise<void>): Promise<void> {
    const mine = (turns.get(list) ?? Promise.resolve()).catch(() => undefined).then(work)
    turns.set(list, mine)
    try {
      await mine
    } finally {
      if (turns.get(list) === mine) turns.delete(list)
    }
  }
  /** Source: OCI distribution 1.1, “Unavailable Referrers API”: a tag names an index of them. */
  async function listReferrer(repository: string, subject: Digest, referrer: Descriptor): Promise<void> {
    for (let attempt = 0; attempt < FALLBACK_ATTEMPTS; attempt++) {
      const listed = await listedReferrers(repository, subject)
      if (listed.some(({ digest }) => digest === referrer.digest)) return // also after it was written: nobody undid it
      const json = {
        schemaVersion: 2,
        mediaType: MEDIA.index,
        manifests: [...listed, referrer].map((each) => ({ ...each })),
      }
      await putManifest(repository, new TextEncoder().encode(canonicalJson(json)), fallbackTag(subject))
    }
    refuse({
      code: "OB721",
      seen: `${place} does not keep the list of what is about ${repository}@${subject}: others write it all the time.`,
      hint: "Run it again.",
    })
  }
  const listedReferrers = async (repository: string, subject: Digest): Promise<readonly Descriptor[]> => {
    const bytes = await manifestAt(repository, fallbackTag(subject))
    return bytes === undefined ? [] : parseManifestFacts(bytes).manifests
  }
  async function referrers(repository: string, subject: Digest, type?: string): Promise<readonly Descriptor[]> {
    const query = type === undefined ? "" : `?artifactType=${encodeURIComponent(type)}`
    const first = await read(repository, `referrers/${subject}${query}`, { accept: MEDIA.index })
    if (first.status === 404) first.drop()
    const listed =
      first.status === 404
        ? await listedReferrers(repository, subject)
        : (await pages(first, "list what is about it")).flatMap((bytes) => parseManifestFacts(bytes).manifests)
    return type === undefined ? listed : listed.filter(({ artifactType }) => artifactType === type)
  }

  /** Follows `Link`, on the same origin alone. Source: RFC 8288. */
  async function pages(first: Answer, doing: string): Promise<readonly Uint8Array[]> {
    const found: Uint8Array[] = []
    let room = LIST_BYTES_MAX
    for (let answer = first; found.length < PAGES_MAX; ) {
      if (answer.status !== 200) return refused(place, answer, doing)
      const bytes = await answer.read(room)
      room -= bytes.length
      found.push(bytes)
      const link = /<([^<>]+)>\s*;[^,]*\brel="?next"?/.exec(answer.headers.get("link") ?? "")?.[1]
      if (link === undefined) return found
      const next = URL.parse(link, base)
      if (next === null || next.origin !== base.origin) return odd(place, "goes on elsewhere with its list")
      answer = await send({ method: "GET", at: next })
    }
    return odd(place, "goes on and on with its list")
  }
  async function names(first: Answer, member: "tags" | "repositories"): Promise<readonly string[]> {
    if (first.status === 404) {
      first.drop()
      return []
    }
    return (await pages(first, `list its ${member}`)).flatMap((bytes) => {
      const json = jsonIn(bytes)
      const list = isJsonObject(json) ? json[member] : undefined
      if (list === null) return []
      return isJsonList(list) ? list.filter((each) => typeof each === "string") : odd(place, `lists no ${member}`)
    })
  }

  return {
    place,
    resolve,
    manifest,
    blob,
    putBlob,
    putManifest,
    referrers,
    async tags(repository) {
      const found = await names(await read(repository, "tags/list?n=1000"), "tags")
      return [...new Set(found)].filter(isTag).sort()
    },
    async repositories() {
      const first = await send({ method: "GET", at: "/v2/_catalog?n=1000", scope: "registry:catalog:*" })
      const below = prefix.map((each) => `${each}/`).join("")
      return (await names(first, "repositories"))
        .filter((each) => each.startsWith(below) && readReference(each.slice(below.length)) !== undefined)
        .map((each) => each.slice(below.length))
        .sort()
    },
    async has(repository, digest) {
      const answer = await send(asking("HEAD", repository, `blobs/${digest}`))
      answer.drop()
      return answer.status === 200 || (answer.status === 404 ? false : refused(place, answer, `tell of ${digest}`))
    },
    async remove(repository, reference) {
      const answer = await send(asking("DELETE", repository, `manifests/${reference}`))
      if (![200, 202, 404].includes(answer.status)) return refused(place, answer, `take ${reference} away`)
      answer.drop()
      return answer.status !== 404
    },
  }
}

/** Source: OCI distribution 1.1, “Referrers Tag Schema”. */
export const fallbackTag = (subject: Digest): string => subject.replace(":", "-")

export const absent = (place: string, repository: string, digest: string): never =>
  refuse({
    code: "OB712",
    seen: `${place} has no ${repository}@${digest}.`,
    hint: "Push it there again, or take it from another place: --from PLACE",
  })
const differs = (place: string, repository: string, digest: string): never =>
  refuse({
    code: "OB713",
    seen: `${place} gives other bytes for ${repository}@${digest} than its digest says.`,
    hint: "Take it from another place, and tell whoever runs this one: it is damaged, or worse.",
  })
