/** A hub of a test, and somebody who pushes to it as `brain push` does. */
import { generateKeyPairSync, sign } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { printArtifact } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import { parsePublicKey, type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { type PushStatement, printStatement, type Statement, TYPES } from "@open-brains/core/commons/statement.ts"
import type { Database } from "../database/database.ts"
import { openPostgres } from "../database/postgres.ts"
import { openSqlite } from "../database/sqlite.ts"
import { digestBytes } from "../hash.ts"
import { type Hub, type HubOptions, openHub } from "../hub.ts"

/** Where hubs of tests keep their tables: SQLite in their folder, or a fresh database for each. */
let newDatabase: (() => Promise<string>) | undefined
export function useDatabases(make: () => Promise<string>): void {
  newDatabase = make
}
export const openTestDatabase = async (folder: string): Promise<Database> =>
  newDatabase === undefined ? openSqlite(folder, 0) : openPostgres(await newDatabase(), 0)

const opened: { readonly hub: Hub; readonly folder: string }[] = []
export async function startHub(options: Partial<HubOptions> = {}): Promise<Hub & { readonly folder: string }> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "hub-test-"))
  const database = options.database ?? (await newDatabase?.())
  const hub = await openHub({ port: 0, ...options, folder, ...(database === undefined ? {} : { database }) })
  opened.push({ hub, folder })
  return { ...hub, folder }
}
/** Closed and opened again, in the same folder. */
export async function restartHub(folder: string): Promise<Hub & { readonly folder: string }> {
  const place = opened.findIndex((each) => each.folder === folder)
  const [before] = opened.splice(place, 1)
  await before!.hub.close()
  return startHub({ folder })
}
/** After each test. */
export async function endHubs(): Promise<void> {
  for (const { hub, folder } of opened.splice(0)) {
    await hub.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

export function makeSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32)
  return {
    key: parsePublicKey(`ed25519:${raw.toString("base64url")}`)!,
    sign: (message) => sign(null, message, privateKey),
  }
}
export const sealed = (statement: Statement, ...signers: readonly Signer[]): Uint8Array =>
  seal(printStatement(statement), signers)

export interface TestModule {
  readonly artifact: Digest
  readonly manifest: Uint8Array
  readonly blobs: readonly Uint8Array[]
}
export const BLANK: Card = {
  kind: "net",
  name: "intent",
  about: "Tells what a message is about",
  licence: "CC0-1.0",
  module: parseDigest(`sha256:${"0".repeat(64)}`)!,
  takes: [{ name: "text", type: "text up to 200 bytes" }],
  gives: [{ name: "label", type: "parcel or refund" }],
  bytes: 0,
  uses: [],
  benchmarks: [],
}
export function makeModule(content: string | Uint8Array, card: Partial<Card> = {}): TestModule {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
  const file = { path: "module.brain", digest: digestBytes(bytes), size: bytes.length }
  const made = printArtifact([file], { ...BLANK, module: file.digest, bytes: bytes.length, ...card })
  return { artifact: made.artifact.digest, manifest: made.manifest, blobs: [bytes, made.card] }
}

export async function sendBlob(url: string, repository: string, bytes: Uint8Array): Promise<Response> {
  const digest = digestBytes(bytes)
  return fetch(`${url}/v2/${repository}/blobs/uploads/?digest=${digest}`, { method: "POST", body: Buffer.from(bytes) })
}
export async function sendManifest(
  url: string,
  repository: string,
  manifest: Uint8Array,
  reference: string = digestBytes(manifest),
): Promise<Response> {
  const { mediaType } = JSON.parse(new TextDecoder().decode(manifest)) as { readonly mediaType: string }
  const headers = { "content-type": mediaType }
  return fetch(`${url}/v2/${repository}/manifests/${reference}`, {
    method: "PUT",
    headers,
    body: Buffer.from(manifest),
  })
}
/** Its blobs and its manifest, by digest. */
export async function sendModule(url: string, repository: string, { blobs, manifest }: TestModule): Promise<void> {
  for (const blob of blobs) await fine(await sendBlob(url, repository, blob))
  await fine(await sendManifest(url, repository, manifest))
}
export async function fine(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${await response.text()}`)
  return response
}

export const post = (url: string, path: string, body: Uint8Array | string): Promise<Response> =>
  fetch(`${url}/api/v1${path}`, { method: "POST", body: typeof body === "string" ? body : Buffer.from(body) })
export const claim = (url: string, namespace: string, ...signers: readonly Signer[]): Promise<Response> =>
  post(
    url,
    "/namespaces",
    sealed(
      { type: TYPES.namespace, namespace, keys: signers.map(({ key }) => key), threshold: signers.length, serial: 0 },
      ...signers,
    ),
  )
export const pushOf = (repository: string, artifact: Digest, rest: Partial<PushStatement> = {}): PushStatement => {
  const [namespace = "", name = ""] = repository.split("/")
  return { type: TYPES.push, module: { namespace, name }, artifact, tag: "edge", previous: null, serial: 0, ...rest }
}
export const sendPush = (url: string, statement: PushStatement, ...signers: readonly Signer[]): Promise<Response> =>
  post(url, "/pushes", sealed(statement, ...signers))

/** Blobs, manifest and statement: what `brain push` does, knowing what the tag stands for now. */
export async function pushModule(
  url: string,
  repository: string,
  module: TestModule,
  signer: Signer,
  rest: Partial<PushStatement> = {},
): Promise<Response> {
  await sendModule(url, repository, module)
  return sendPush(url, pushOf(repository, module.artifact, rest), signer)
}
export const jsonOf = async <T>(response: Response | Promise<Response>): Promise<T> =>
  (await (await response).json()) as T
