import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { expect, onTestFinished, test, vi } from "vitest"
import { temporary } from "../testing/command.ts"
import { CSV } from "../testing/lesson.ts"
import { start } from "../testing/process.ts"

test("Ctrl-C during a download leaves what came, and the next run goes on there", async () => {
  vi.stubEnv("BRAIN_MIRROR", "")
  const cache = temporary()
  vi.stubEnv("XDG_CACHE_HOME", cache)
  const ranges: (string | undefined)[] = []
  const half = Math.floor(CSV.length / 2)
  const server = createServer((request, response) => {
    ranges.push(request.headers.range)
    if (ranges.length === 1) {
      response.writeHead(200, { "content-length": CSV.length })
      response.write(CSV.slice(0, half)) // and no more, until the asker has gone
      return
    }
    response.writeHead(206, { "content-range": `bytes ${half}-${CSV.length - 1}/${CSV.length}` })
    response.end(CSV.slice(half))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const folder = join(temporary(), "shop")
  mkdirSync(folder)
  writeFileSync(
    join(folder, "module.brain"),
    `dataset shop { about "Messages" licence "CC0-1.0" attribution "A. Person" read "messages.csv" as csv
  file "messages.csv" { bytes ${CSV.length} digest ${digest(CSV)} url "http://127.0.0.1:${(server.address() as AddressInfo).port}/" } }`,
  )
  const parts = (): readonly string[] =>
    readdirSync(cache, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".part"))
      .map((name) => readFileSync(join(cache, name), "utf8"))
  const { child, ended } = start(["data", "get", folder])
  await vi.waitUntil(() => parts()[0]?.length === half, { timeout: 20_000 })
  child.kill("SIGINT")
  const stopped = await ended
  expect([stopped.code, stopped.err.split("\n").at(-2)]).toEqual([130, "Stopped; nothing was changed."])
  expect(parts()).toEqual([CSV.slice(0, half)])

  const again = await start(["data", "get", folder]).ended
  expect(again.err).toMatch(/^Fetching messages\.csv of shop, .*\n$/)
  expect([again.code, ranges, parts()]).toEqual([0, [undefined, `bytes=${half}-`], []])
}, 60_000)
