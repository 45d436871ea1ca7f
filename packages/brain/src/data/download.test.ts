import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import type { DataFile } from "@open-brains/core/module/manifest.ts"
import { expect, onTestFinished, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { type Fetching, fetchingFrom, obtain } from "./fetch.ts"
import type { DataSet } from "./sets.ts"

const BYTES = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251))
const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest

/** A server on this machine alone; each answer is told which request it is, from 0. */
async function serving(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void): Promise<{
  readonly url: string
  readonly asked: (string | undefined)[]
}> {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.range)
    answer(request, response, asked.length - 1)
  })
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, asked }
}
/** What a good server does, ranges and all. */
function whole(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array = BYTES): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0)
  if (from > 0) response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`)
  response.setHeader("content-length", bytes.length - from)
  response.writeHead(from > 0 ? 206 : 200)
  response.end(bytes.subarray(from))
}
/** Promises all, gives a part and hangs up. */
function cutAt(request: IncomingMessage, response: ServerResponse, count: number): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0)
  if (from > 0) response.setHeader("content-range", `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`)
  response.setHeader("content-length", BYTES.length - from)
  response.writeHead(from > 0 ? 206 : 200)
  // The last of it may be lost on the way: how much arrived is seen in what is asked for next.
  response.write(BYTES.subarray(from, from + count), () => setTimeout(() => response.socket?.end(), 20))
}

interface Asking {
  readonly set: DataSet
  readonly file: DataFile
  readonly fetching: Fetching
  readonly said: string[]
  readonly cache: string
}
function asking(urls: readonly string[], change: Partial<Fetching> = {}): Asking {
  const file: DataFile = { name: "file.bin", bytes: BYTES.length, digest: digestOf(BYTES), urls }
  const manifest: DataSet["manifest"] = {
    kind: "dataset",
    name: "numbers",
    about: "Numbers",
    licence: "CC0-1.0",
    attribution: "Nobody",
    files: [file],
    readings: [{ file: "file.bin", reader: "csv" }],
    renamed: [],
    holdOut: {},
  }
  const [said, cache] = [[] as string[], join(temporary(), "cache")]
  const fetching: Fetching = { cache, isOffline: false, say: (line) => said.push(line), ...change }
  return { set: { folder: temporary(), manifest }, file, fetching, said, cache }
}
const told = async ({ set, file, fetching }: Asking): Promise<string> =>
  obtain(set, file, fetching).then(
    () => "",
    (error: Error) => error.message,
  )
const filesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((each) =>
        each.isFile() ? [each.name] : [],
      )
    : []

test("a file is fetched once, told beforehand, and kept by its digest", async () => {
  const { url, asked } = await serving((request, response) => whole(request, response))
  const all = asking([url])
  for (const _ of [1, 2]) expect(Buffer.compare(await obtain(all.set, all.file, all.fetching), BYTES)).toBe(0)
  expect(all.said).toEqual([`Fetching file.bin of numbers, 50.0 KB, from ${url}`])
  expect(asked).toEqual([undefined])
  expect(filesIn(all.cache)).toEqual([digestOf(BYTES).slice(7)])
})

test("a redirection is followed", async () => {
  const { url } = await serving((request, response) =>
    request.url === "/file.bin" ? void response.writeHead(302, { location: "/other" }).end() : whole(request, response),
  )
  expect(await told(asking([url]))).toBe("")
})

test("a connection that breaks is taken up where it broke", async () => {
  const { url, asked } = await serving((request, response, count) =>
    count < 3 ? cutAt(request, response, 10_000) : whole(request, response),
  )
  expect(await told(asking([url]))).toBe("")
  const starts = asked.map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")![1]))
  expect(starts).toHaveLength(4)
  expect(starts.toSorted((a, b) => a - b)).toEqual(starts)
  expect(starts.at(-1)).toBeGreaterThan(0)
})

test("what an earlier run left is gone on with, and what is left is no file of the data set yet", async () => {
  let isBroken = true
  const { url, asked } = await serving((request, response, count) =>
    !isBroken ? whole(request, response) : count === 0 ? cutAt(request, response, 12_345) : response.destroy(),
  )
  const all = asking([url])
  expect(await told(all)).toMatch(
    /^error\[OB532\]: .*50\.0 KB.* cut the connection after [\d.]+ (?:KB|bytes?)\.\nhint: .*goes on where it stopped/,
  )
  const hex = digestOf(BYTES).slice(7)
  expect(filesIn(all.cache)).toEqual([`${hex}.part`])
  const left = readFileSync(join(all.cache, hex.slice(0, 2), `${hex}.part`))
  expect(Buffer.compare(left, BYTES.subarray(0, left.length))).toBe(0)
  isBroken = false
  expect(await told(all)).toBe("")
  expect(asked.at(-1)).toBe(left.length > 0 ? `bytes=${left.length}-` : undefined)
})

test("a server that knows no ranges, or refuses one, is asked for the whole", async () => {
  for (const status of [200, 416]) {
    const { url } = await serving((request, response, count) => {
      if (count === 0) return cutAt(request, response, 20_000)
      if (status === 416 && request.headers.range) return void response.writeHead(416).end()
      response.writeHead(200, { "content-length": BYTES.length })
      return void response.end(BYTES)
    })
    expect(await told(asking([url]))).toBe("")
  }
})

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  ["404", (response) => void response.writeHead(404).end("none"), /answers 404: it is no longer there/],
  ["500", (response) => void response.writeHead(500).end(), /answers 500/],
  [
    "a web page",
    (response) => void response.writeHead(200, { "content-type": "text/html", "content-length": 6 }).end("<html>"),
    /gives a web page of 6 bytes/,
  ],
  ["a shorter file", (response) => void response.end(BYTES.subarray(0, 40_000)), /gives another file of 40\.0 KB/],
  [
    "a shorter file of unsaid length",
    (response) => {
      response.write(BYTES.subarray(0, 30_000))
      setTimeout(() => response.end(BYTES.subarray(30_000, 40_000)), 10)
    },
    /gives 40\.0 KB only/,
  ],
  [
    "a longer file of unsaid length",
    (response) => {
      response.write(BYTES)
      setTimeout(() => response.end(BYTES), 10)
    },
    /gives more than 50\.0 KB/,
  ],
  [
    "other bytes",
    (response) => void response.end(BYTES.map((byte) => byte ^ 1)),
    /are another file: sha256:\w+, not sha256:\w+/,
  ],
])("%s is refused, with what came and what to do, and nothing is left behind", async (_, answer, seen) => {
  const { url } = await serving((__, response) => answer(response))
  const all = asking([url])
  const message = await told(all)
  expect(message).toMatch(/^error\[OB532\]: file\.bin of the data set numbers \(50\.0 KB\) could not be fetched: http/)
  expect(message).toMatch(seen)
  expect(message).toContain("BRAIN_MIRROR")
  expect(filesIn(all.cache).filter((name) => readFileSync(join(all.cache, name.slice(0, 2), name)).length > 0)).toEqual(
    [],
  )
})

test("of several addresses the first that has the file gives it", async () => {
  const bad = await serving((_, response) => void response.writeHead(404).end())
  const good = await serving((request, response) => whole(request, response))
  expect(await told(asking([bad.url, good.url]))).toBe("")
  expect((await told(asking([bad.url, bad.url]))).match(/^error\[OB532\]/gm)).toHaveLength(2)
})

test("no network: who could not be reached, and that it can be run again", async () => {
  const message = await told(asking(["http://127.0.0.1:1/file.bin"]))
  expect(message).toMatch(/^error\[OB532\]: .* cannot be reached \(bad port\)\.\nhint: Look at the connection/)
})

test("two that ask at once fetch it once", async () => {
  const { url, asked } = await serving((request, response) => void setTimeout(() => whole(request, response), 50))
  const all = asking([url])
  expect(await Promise.all([told(all), told(all)])).toEqual(["", ""])
  expect(asked).toHaveLength(1)
})

test("offline nothing is asked, and it says what it would fetch, from where, how large, and where to put it", async () => {
  const { url, asked } = await serving((request, response) => whole(request, response))
  const all = asking([url], { isOffline: true, mirror: "/mirror" })
  expect(await told(all)).toBe(
    `error[OB530]: The data set numbers needs file.bin, which is not here, and the network may not be asked. It is ${url} (50.0 KB, CC0-1.0).\nhint: To have it fetched, allow the network: leave out --offline and BRAIN_OFFLINE. Or save it as /mirror/numbers/file.bin.`,
  )
  expect(await told(asking([]))).toMatch(
    /It has 50\.0 KB \(CC0-1\.0\) and no address\.\nhint: Save it as FOLDER\/numbers\/file\.bin/,
  )
  expect(asked).toEqual([])
})

test("what lies beside the manifest goes first, then the mirror; another file there is told, never replaced", async () => {
  const { url, asked } = await serving((request, response) => whole(request, response))
  const mirror = temporary()
  const all = asking([url], { mirror })
  mkdirSync(join(mirror, "numbers"))
  writeFileSync(join(mirror, "numbers", "file.bin"), BYTES)
  expect(await told(all)).toBe("")
  writeFileSync(join(all.set.folder, "file.bin"), "mine")
  expect(await told(all)).toMatch(
    /^error\[OB531\]: .*file\.bin is another file: 4 bytes, sha256:\w+, not 50\.0 KB, sha256:/,
  )
  expect(readFileSync(join(all.set.folder, "file.bin"), "utf8")).toBe("mine")
  expect(asked).toEqual([])
})

test("a damaged file of the cache is fetched again", async () => {
  const { url, asked } = await serving((request, response) => whole(request, response))
  const all = asking([url])
  await told(all)
  const hex = digestOf(BYTES).slice(7)
  writeFileSync(join(all.cache, hex.slice(0, 2), hex), "rotten")
  expect(await told(all)).toBe("")
  expect([asked.length, all.said.at(-2)]).toEqual([2, expect.stringContaining("is damaged")])
})

test("the environment says where to look and whether to ask the network", () => {
  expect(fetchingFrom({ BRAIN_MIRROR: "/m", XDG_CACHE_HOME: "/c", BRAIN_OFFLINE: "1" })).toEqual({
    mirror: "/m",
    cache: "/c/open-brains/data",
    isOffline: true,
  })
  expect(fetchingFrom({ BRAIN_OFFLINE: "0" }).isOffline).toBe(false)
})
