import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { afterEach, expect, onTestFinished, test } from "vitest"
import { claim, endHubs, makeModule, makeSigner, pushModule, startHub } from "../../packages/hub/src/testing/hub.ts"
import { checkLog } from "./check_log.ts"

afterEach(endHubs)

/** What a hub would say that changes an answer. */
async function liar(url: string, lie: (path: string, body: Buffer) => Buffer): Promise<string> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${url}${request.url}`)
    response.writeHead(answer.status).end(lie(request.url!, Buffer.from(await answer.arrayBuffer())))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test("the log of a hub is checked by its tiles, grows from what it was, and a lie in it is found", async () => {
  const { url } = await startHub()
  const ada = makeSigner()
  await claim(url, "acme", ada)
  let previous: Digest | null = null
  const pushUntil = async (from: number, count: number): Promise<void> => {
    for (let serial = from; serial < count; serial++) {
      const module = makeModule(`version ${serial}`)
      expect((await pushModule(url, "acme/intent", module, ada, { previous, serial })).status).toBe(200)
      previous = module.artifact
    }
  }
  await pushUntil(0, 3)
  const seen = await checkLog(url)
  expect(seen.pushes).toHaveLength(3)
  expect(seen.pushes[0]).toContain(`acme/intent:edge is sha256:`)
  await pushUntil(3, 260) // more than a tile
  expect(await checkLog(url, seen)).toMatchObject({ size: 260 })
  await expect(checkLog(url, { ...seen, root: `sha256:${"0".repeat(64)}` as Digest })).rejects.toThrow("has not grown")
  const other = await liar(url, (path, body) => (path.includes("entries") ? (body.with(9, 1) as Buffer) : body))
  await expect(checkLog(other)).rejects.toThrow("not those of its checkpoint")
  const forged = await liar(url, (path, body) =>
    path.endsWith("checkpoint") ? Buffer.from(`${body}`.replace("\n260\n", "\n259\n")) : body,
  )
  await expect(checkLog(forged)).rejects.toThrow("not signed by the key")
})
