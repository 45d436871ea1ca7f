/** What a hub bears: durable pushes beside Debian's registry, reads, search, and what a push takes on the disk. */
import { type ChildProcess, spawn } from "node:child_process"
import { createHash, generateKeyPairSync, sign } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { createServer } from "node:net"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { MEDIA, printArtifact } from "@open-brains/core/commons/artifact.ts"
import { printDelivery } from "@open-brains/core/commons/delivery.ts"
import { parsePublicKey, type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { printStatement, type Statement, TYPES } from "@open-brains/core/commons/statement.ts"
import { missingProgram, repository } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, number, quantile, say } from "../shared/report.ts"

const CLIENTS = 8
const MODULE_BYTES = 1_000_000
const SOURCES = join(repository, "packages/hub/src")

interface Server {
  readonly port: number
  readonly child: ChildProcess
}
async function startHub(folder: string): Promise<Server> {
  const child = spawn(process.execPath, [join(SOURCES, "main.ts"), "--folder", folder, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (part) => resolve(`${part}`))
    child.once("exit", () => reject(new Error("the hub did not start")))
  })
  return { child, port: (JSON.parse(line) as { readonly port: number }).port }
}
async function startPeer(folder: string): Promise<Server | undefined> {
  if (missingProgram("docker-registry") !== undefined) return undefined
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, "config.yml")
  writeFileSync(
    file,
    `version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: ${folder}/data\nhttp:\n  addr: 127.0.0.1:${port}\n`,
  )
  const child = spawn("docker-registry", ["serve", file], { stdio: ["ignore", "ignore", "ignore"] })
  for (let i = 0; i < 200; i++) {
    const isThere = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere) return { child, port }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  child.kill()
  return undefined
}
const end = (server: Server | undefined): Promise<void> =>
  server === undefined
    ? Promise.resolve()
    : new Promise((resolve) => {
        server.child.once("exit", () => resolve())
        server.child.kill("SIGTERM")
      })

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: Buffer
}
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
function ask(
  port: number,
  method: string,
  path: string,
  body: readonly Uint8Array[] = [],
  type = "application/octet-stream",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body.reduce((sum, part) => sum + part.length, 0)
    const headers = method === "GET" ? {} : { "content-type": type, "content-length": length }
    const sent = request({ host: "127.0.0.1", port, method, path, agent, headers }, (answer) => {
      const parts: Buffer[] = []
      answer.on("data", (part: Buffer) => parts.push(part))
      answer.on("end", () =>
        resolve({ status: answer.statusCode!, location: answer.headers.location, body: Buffer.concat(parts) }),
      )
    })
    sent.on("error", reject)
    for (const part of body) sent.write(part)
    sent.end()
  })
}
async function fine(answer: Promise<Answer>): Promise<Answer> {
  const found = await answer
  if (found.status >= 300)
    throw new Error(`bug: the server answered ${found.status}: ${found.body.toString().slice(0, 500)}`)
  return found
}

function makeSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32)
  return {
    key: parsePublicKey(`ed25519:${raw.toString("base64url")}`)!,
    sign: (message) => sign(null, message, privateKey),
  }
}
const sealed = (statement: Statement, signer: Signer): Uint8Array => seal(printStatement(statement), [signer])
const digestOf = (...parts: readonly Uint8Array[]): Digest => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return parseDigest(`sha256:${hash.digest("hex")}`)!
}

/** A module of 1 MB that is no other; made before the clock runs. */
interface Made {
  readonly namespace: string
  readonly name: string
  readonly file: readonly Uint8Array[]
  readonly fileDigest: Digest
  readonly card: Uint8Array
  readonly manifest: Uint8Array
  readonly envelope: Uint8Array
}
const REST = createHash("sha512").update("any bytes").digest()
const FILLER = Buffer.alloc(MODULE_BYTES - 64, REST)
const A_NAMESPACE = 500 // pushes: a namespace and a key may push so many within an hour, and more

function makeModules(count: number, first: number, signers: readonly Signer[]): readonly Made[] {
  return Array.from({ length: count }, (_, i) => {
    const file = [
      createHash("sha512")
        .update(`module ${first + i}`)
        .digest(),
      FILLER,
    ]
    const fileDigest = digestOf(...file)
    const who = Math.floor((first + i) / A_NAMESPACE)
    const [namespace, name] = [`bench-${who}`, `m-${first + i}`]
    const made = printArtifact([{ path: "weights.safetensors", digest: fileDigest, size: MODULE_BYTES }], {
      kind: "net",
      name,
      about: `Made for the bench, number ${first + i}`,
      licence: "CC0-1.0",
      module: fileDigest,
      takes: [{ name: "text", type: "text up to 200 bytes" }],
      gives: [{ name: "label", type: "yes or no" }],
      bytes: MODULE_BYTES,
      uses: [],
      benchmarks: [],
    })
    const envelope = sealed(
      {
        type: TYPES.push,
        module: { namespace, name },
        artifact: made.artifact.digest,
        tag: "edge",
        previous: null,
        serial: 0,
      },
      signers[who]!,
    )
    return { namespace, name, file, fileDigest, card: made.card, manifest: made.manifest, envelope }
  })
}
/** The file by one POST with its digest, then manifest, card and signed statement together. */
async function pushToHub(port: number, made: Made): Promise<void> {
  const at = `/v2/${made.namespace}/${made.name}`
  await fine(ask(port, "POST", `${at}/blobs/uploads/?digest=${made.fileDigest}`, made.file))
  await fine(ask(port, "POST", "/api/v1/pushes", [printDelivery(made)], MEDIA.delivery))
}
/** Blobs and manifest as any client of OCI sends them, and the statement. */
async function pushByParts(port: number, made: Made): Promise<void> {
  const at = `/v2/${made.namespace}/${made.name}`
  await fine(ask(port, "POST", `${at}/blobs/uploads/?digest=${made.fileDigest}`, made.file))
  await fine(ask(port, "POST", `${at}/blobs/uploads/?digest=${digestOf(made.card)}`, [made.card]))
  await fine(ask(port, "PUT", `${at}/manifests/${digestOf(made.manifest)}`, [made.manifest], MEDIA.manifest))
  await fine(ask(port, "POST", "/api/v1/pushes", [made.envelope]))
}
/** The same to a registry without statements: blobs by POST and PUT, and the tag with the manifest. */
async function pushToPeer(port: number, made: Made): Promise<void> {
  const at = `/v2/${made.namespace}/${made.name}`
  for (const [digest, bytes] of [
    [made.fileDigest, made.file],
    [digestOf(made.card), [made.card]],
  ] as const) {
    const { location } = await fine(ask(port, "POST", `${at}/blobs/uploads/`))
    const to = new URL(location!, "http://127.0.0.1")
    to.searchParams.set("digest", digest)
    await fine(ask(port, "PUT", to.pathname + to.search, bytes))
  }
  await fine(ask(port, "PUT", `${at}/manifests/edge`, [made.manifest], MEDIA.manifest))
}
/** How many a second, by so many clients at once. */
async function perSecond<T>(
  all: readonly T[],
  work: (each: T) => Promise<unknown>,
  clients = CLIENTS,
): Promise<number> {
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let each = all[next++]; each !== undefined; each = all[next++]) await work(each)
    }),
  )
  return (all.length / (performance.now() - start)) * 1000
}

export async function measureHub({ isQuick, folder }: PartOptions): Promise<Part> {
  const rounds = 3
  const [oursEach, peersEach, partsEach] = isQuick ? [60, 20, 20] : [400, 100, 100]
  const warmEach = isQuick ? 40 : 300
  const count = rounds * (oursEach + partsEach) + warmEach
  const signers = Array.from({ length: Math.ceil(count / A_NAMESPACE) }, makeSigner)
  const hub = await startHub(join(folder, "hub"))
  const peer = await startPeer(join(folder, "peer"))
  if (peer === undefined) say("docker-registry is not installed: no peer")
  const ours: number[] = []
  const peers: number[] = []
  const byParts: number[] = []
  let shares: readonly number[] = []
  let reads = 0
  try {
    for (const [i, signer] of signers.entries()) {
      const statement = {
        type: TYPES.namespace,
        namespace: `bench-${i}`,
        keys: [signer.key],
        threshold: 1,
        serial: 0,
      } as const
      await fine(ask(hub.port, "POST", "/api/v1/namespaces", [sealed(statement, signer)]))
    }
    const warm = makeModules(warmEach, rounds * (oursEach + partsEach), signers)
    await perSecond(warm, (made) => pushToHub(hub.port, made))
    if (peer) await perSecond(warm, (made) => pushToPeer(peer.port, made))
    for (let round = 0; round < rounds; round++) {
      const modules = makeModules(oursEach, round * oursEach, signers)
      const others = makeModules(partsEach, rounds * oursEach + round * partsEach, signers)
      const [before, start] = [process.cpuUsage(), performance.now()]
      ours.push(await perSecond(modules, (made) => pushToHub(hub.port, made)))
      const { user, system } = process.cpuUsage(before)
      shares = [...shares, (user + system) / 1000 / (performance.now() - start)]
      if (peer) peers.push(await perSecond(modules.slice(0, peersEach), (made) => pushToPeer(peer.port, made)))
      byParts.push(await perSecond(others, (made) => pushByParts(hub.port, made)))
      say(`  pushes/s: ${ours.at(-1)!.toFixed(0)}, docker-registry ${peers.at(-1)?.toFixed(0) ?? "–"}`)
    }
    const asked = Array.from({ length: isQuick ? 2000 : 20_000 }, (_, i) => {
      const { namespace, name } = warm[i % warm.length]!
      return i % 2 === 0 ? `/v2/${namespace}/${name}/manifests/edge` : `/api/v1/modules/${namespace}/${name}/tags`
    })
    reads = await perSecond(asked, (path) => fine(ask(hub.port, "GET", path)), 16)
  } finally {
    await end(hub)
    await end(peer)
  }
  const median = (values: readonly number[]): number => quantile(values, 0.5)
  const ratio = peers.length === 0 ? undefined : median(ours) / median(peers)
  const peerOf = (value: number | undefined): Pick<Measure, "peer"> => ({ peer: { name: "docker-registry", value } })
  const measures: readonly Measure[] = [
    {
      ...{
        name: "durable pushes of 1 MB",
        value: median(ours),
        unit: "1/s",
        digits: 0,
        bars: { is: "at least", aim: 300 },
      },
      ...peerOf(peers.length === 0 ? undefined : median(peers)),
    },
    {
      name: "pushes, as a multiple of docker-registry's",
      value: ratio,
      unit: "×",
      digits: 1,
      bars: { is: "at least", must: 3 },
    },
    { name: "pushes by requests of OCI and the statement", value: median(byParts), unit: "1/s", digits: 0 },
    { name: "the client's share of a core meanwhile", value: median(shares), unit: "", digits: 2 },
    { name: "reads", value: reads, unit: "1/s", digits: 0, bars: { is: "at least", must: 1000, aim: 5000 } },
  ]
  const rows = ours.map((value, i) => [`${i + 1}`, number(value, 0), number(peers[i], 0)])
  return {
    measures,
    sections: [
      {
        title: "A hub: pushes and reads",
        notes: [
          `${CLIENTS} clients at once on the same machine, each module new: 1 MB of weights, a card, a manifest, a signed statement; each push is on the disk (fsync) when it is acknowledged.`,
          "The file by one POST with its digest, then manifest, card and statement in one request. `brain push` sends the same two, and asks by HEAD before whether the file is there. By requests of OCI: two blobs, the manifest, the statement.",
          "docker-registry gets the same blobs and the same manifest, by tag; rounds in turn, after some that do not count: a hub runs for months. Reads are manifests by tag and lists of tags, 16 at once.",
        ],
        table: { heading: ["round", "hub, pushes/s", "docker-registry, pushes/s"], rows },
      },
    ],
    isSame: true,
  }
}

interface Loaded {
  readonly pushes: number
  readonly modules: number
  readonly seconds: number
  readonly bytes: number
  readonly tables: readonly { readonly name: string; readonly bytes: number }[]
}
async function load(folder: string, modules: number, pushes: number): Promise<Loaded> {
  const child = spawn(process.execPath, [join(SOURCES, "testing/load.ts"), folder, `${modules}`, `${pushes}`], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let out = ""
  child.stdout.on("data", (part) => {
    out += part
  })
  await new Promise<void>((resolve, reject) =>
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`bug: loading ended with ${code}`)))),
  )
  return JSON.parse(out) as Loaded
}

export async function measureHubAtSize({ isQuick, folder }: PartOptions): Promise<Part> {
  const [modules, pushes] = isQuick ? [5000, 10_000] : [100_000, 200_000]
  const place = join(folder, "hub")
  const loaded = await load(place, modules, pushes)
  const hub = await startHub(place)
  const times: number[] = []
  try {
    const found = await fine(ask(hub.port, "GET", "/api/v1/search?limit=100"))
    const about = (JSON.parse(found.body.toString()) as { found: { about: string }[] }).found.map((each) => each.about)
    const words = about.join(" ").split(" ")
    const queries = Array.from({ length: isQuick ? 300 : 3000 }, (_, i) => {
      const some = Array.from({ length: 1 + (i % 3) }, (_, k) => words[(i * 7 + k * 131) % words.length]!)
      return `/api/v1/search?q=${some.join("+")}${i % 4 === 0 ? "&kind=net" : ""}`
    })
    for (const path of queries.slice(0, 50)) await fine(ask(hub.port, "GET", path))
    for (const path of queries) {
      const start = performance.now()
      await fine(ask(hub.port, "GET", path))
      times.push(performance.now() - start)
    }
  } finally {
    await end(hub)
  }
  const each = loaded.bytes / loaded.pushes
  const p99 = quantile(times, 0.99)
  return {
    measures: [
      {
        name: `search, p99 over ${modules} modules`,
        value: p99,
        unit: "ms",
        digits: 1,
        bars: { is: "at most", must: 50, aim: 20 },
      },
      { name: "search, median", value: quantile(times, 0.5), unit: "ms", digits: 1 },
      { name: "bytes of database a push", value: each, unit: "B", digits: 0 },
    ],
    sections: [
      {
        title: `A hub with ${pushes} pushes of ${modules} modules`,
        notes: [
          `Loaded below HTTP, ${(loaded.pushes / loaded.seconds).toFixed(0)} a second. Queries are of one to three words of cards, drawn as they come in texts: often common ones.`,
        ],
        table: {
          heading: ["table or index", "bytes a push"],
          rows: loaded.tables.map(({ name, bytes }) => [name, number(bytes / loaded.pushes, 0)]),
        },
      },
      paperPlan(each),
    ],
    isSame: true,
  }
}

/** What 300 million pushes in three years would take, from what was measured. */
function paperPlan(bytesEach: number): Part["sections"][number] {
  const [pushes, years, meanBytes, peak] = [300e6, 3, 1e6, 20]
  const seconds = years * 365.25 * 86400
  const rows = [
    ["pushes a second, on average", number(pushes / seconds, 1), "3 years"],
    ["pushes a second, at peak", number((peak * pushes) / seconds, 0), `${peak} times the average`],
    [
      "database",
      number((pushes * bytesEach) / 1e9, 0),
      "GB; PostgreSQL, hash-partitioned by namespace, from about 50 GB",
    ],
    ["of it, envelopes and manifests", "–", "written once: they pack into segments of 64 MB in an object store"],
    ["blobs", number((pushes * meanBytes) / 1e12, 0), "TB at 1 MB each before equal ones are shared: an object store"],
    ["peak bytes a second", number((peak * pushes * meanBytes) / seconds / 1e6, 0), "MB/s in"],
  ]
  return {
    title: "300 million pushes, on paper",
    notes: [`From ${bytesEach.toFixed(0)} bytes a push as measured above; nothing of this was run.`],
    table: { heading: ["what", "value", "of what"], rows },
  }
}
