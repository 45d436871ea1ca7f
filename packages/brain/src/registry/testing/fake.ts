import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { digest as digestOf } from "@open-brains/core/base/digest.ts"
import { parseManifestFacts } from "@open-brains/core/commons/artifact.ts"

/** Answers a request itself when it returns true: what a hostile or a broken server does. */
export type Trick = (request: IncomingMessage, response: ServerResponse, path: string) => boolean
export interface Fake {
  readonly address: string
  readonly blobs: Map<string, Uint8Array>
  readonly manifests: Map<string, Uint8Array> // by digest, and by tag
  /** What was asked: `GET /v2/…`. */
  readonly asked: string[]
  trick: Trick | undefined
  /** Whether it says that it lists referrers itself. */
  hasReferrers: boolean
  stop(): Promise<void>
}

/** A small registry in memory, with the API of referrers. One repository is as good as another. */
export async function startFake(): Promise<Fake> {
  const blobs = new Map<string, Uint8Array>()
  const manifests = new Map<string, Uint8Array>()
  const asked: string[] = []
  let uploads = 0
  const parts = new Map<string, Uint8Array>()
  const server = createServer(async (request, response) => {
    const url = new URL(request.url!, "http://127.0.0.1")
    const { pathname: path } = url
    asked.push(`${request.method} ${path}${url.search}`)
    if (fake.trick?.(request, response, `${path}${url.search}`)) return
    const end = (status: number, headers: Record<string, string> = {}, body?: Uint8Array | string): void => {
      response.writeHead(status, headers)
      response.end(request.method === "HEAD" ? undefined : body)
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [, kind, rest = ""] = /^\/v2\/.+\/(blobs|manifests|referrers|tags)\/(.*)$/.exec(path) ?? []
    if (kind === "blobs" && request.method === "POST") {
      const mounted = url.searchParams.get("mount")
      if (mounted !== null && blobs.has(mounted)) return end(201)
      return end(202, { location: `/v2/a/b/blobs/uploads/${++uploads}?state=x` })
    }
    if (kind === "blobs" && (request.method === "PUT" || request.method === "PATCH")) {
      const sofar = Buffer.concat([parts.get(rest) ?? new Uint8Array(), body])
      parts.set(rest, sofar)
      if (request.method === "PATCH") return end(202, { location: `${path}?state=y` })
      if (digestOf(sofar) !== url.searchParams.get("digest")) return end(400, {}, error("DIGEST_INVALID", "no"))
      blobs.set(digestOf(sofar), sofar)
      return end(201)
    }
    if (kind === "blobs") {
      const blob = blobs.get(rest)
      if (blob === undefined) return end(404)
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0)
      const range = { "content-range": `bytes ${from}-${blob.length - 1}/${blob.length}` }
      return end(from > 0 ? 206 : 200, from > 0 ? range : {}, blob.subarray(from))
    }
    if (kind === "manifests" && request.method === "PUT") {
      const { digest, subject } = parseManifestFacts(body)
      manifests.set(digest, body).set(rest, body)
      return end(201, subject && fake.hasReferrers ? { "oci-subject": subject.digest } : {})
    }
    if (kind === "manifests" && request.method === "DELETE") return end(manifests.delete(rest) ? 202 : 404)
    if (kind === "manifests") {
      const found = manifests.get(rest)
      return found ? end(200, { "content-type": parseManifestFacts(found).mediaType }, found) : end(404)
    }
    if (kind === "referrers") {
      const found = [...manifests].flatMap(([key, bytes]) => {
        const { digest, mediaType, artifactType, subject } = parseManifestFacts(bytes)
        return key === digest && subject?.digest === rest
          ? [{ mediaType, digest, size: bytes.length, artifactType }]
          : []
      })
      return end(200, {}, JSON.stringify({ schemaVersion: 2, manifests: found }))
    }
    if (kind === "tags")
      return end(200, {}, JSON.stringify({ tags: [...manifests.keys()].filter((key) => !key.includes(":")) }))
    return end(404)
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const bound = server.address()
  const fake: Fake = {
    address: `http://127.0.0.1:${bound !== null && typeof bound === "object" ? bound.port : 0}`,
    blobs,
    manifests,
    asked,
    trick: undefined,
    hasReferrers: true,
    stop() {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
  return fake
}

export const error = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] })
