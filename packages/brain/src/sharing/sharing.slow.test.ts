import { cpSync, mkdirSync, writeFileSync } from "node:fs"
import { request as ask, createServer, type Server } from "node:http"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { missingProgram, repository, requireOrSkip } from "../../../../scripts/testing.ts"
import { newKey } from "../keys/keys.ts"
import { startDockerRegistry } from "../registry/testing/docker.ts"
import { brain, temporary } from "../testing/command.ts"
import { newPerson, type Person } from "./testing/people.ts"

const missing = missingProgram("docker-registry")
let running: Awaited<ReturnType<typeof startDockerRegistry>> | undefined
beforeAll(async () => {
  if (missing === undefined) running = await startDockerRegistry()
})
afterAll(() => running?.stop())

let [ann, bob]: readonly Person[] = []
beforeEach(async () => {
  ann = newPerson()
  bob = newPerson()
  ann.become()
  await newKey("me")
})
afterEach(() => vi.unstubAllEnvs())

const ok = async (...words: string[]): Promise<string> => {
  const { code, out, err } = await brain(words)
  expect([words, code, err]).toEqual([words, 0, ""])
  return out
}
const CLERK = (use: string): string => `brain clerk {
  about "Says which everyday request it is"
  licence "CC0-1.0"
  takes message: text up to 200 bytes
  gives reply: text up to 200 bytes
  use intent from "${use}"
  kind is intent of message
  reply is route kind {
    when unsure: "A person will answer you."
    otherwise: "It is {kind}."
  }
}
`
const QUESTIONS = ["what is the weather tomorrow", "move money to my savings", "qqq zzz"]

test.for(["a folder", "Debian's registry"])("people share over %s", { timeout: 120_000 }, async (kind, context) => {
  if (kind !== "a folder") requireOrSkip(context, missing)
  const place = kind === "a folder" ? join(temporary(), "shelf") : running!.address
  const intent = join(repository, "modules/intent")
  const helpdesk = join(temporary(), "helpdesk")
  cpSync(join(repository, "examples/helpdesk"), helpdesk, { recursive: true })
  await ok("push", intent, "acme/intent", "--to", place)
  await ok("push", helpdesk, "acme/helpdesk:beta", "--to", place)
  const again = JSON.parse(await ok("push", intent, "acme/intent", "--to", place, "--json"))
  expect(again).toMatchObject({ is: "same", sent: 0 })
  const byPath = join(temporary(), "clerk")
  mkdirSync(byPath)
  cpSync(intent, join(byPath, "intent"), { recursive: true })
  writeFileSync(join(byPath, "module.brain"), CLERK("./intent"))
  const answers = await Promise.all(QUESTIONS.map((text) => ok("ask", byPath, text)))
  const desk = await ok("ask", helpdesk, "where is my parcel")

  bob!.become()
  const listed = JSON.parse(await ok("list", "--from", place, "--json"))
  expect(listed.modules.map(({ name }: { name: string }) => name)).toEqual(["acme/helpdesk:beta", "acme/intent:edge"])
  expect(await ok("add", "acme/intent", "--from", place)).toContain("the first key that you see of acme")
  expect(await ok("add", "acme/helpdesk:beta", "--from", place)).toContain("which you trust for acme")
  const byName = join(temporary(), "clerk")
  mkdirSync(byName)
  writeFileSync(join(byName, "module.brain"), CLERK("acme/intent"))
  await ok("lock", byName)
  await ok("check", byName)
  expect(await Promise.all(QUESTIONS.map((text) => ok("ask", byName, text)))).toEqual(answers)
  expect(await ok("why", byName, "kind")).toContain("acme/intent")
  const copy = join(temporary(), "copy")
  await ok("pull", "acme/helpdesk:beta", "--into", copy, "--from", place)
  expect(await ok("ask", copy, "where is my parcel")).toBe(desk)

  // What Bob made of it goes on to a third, with what it uses.
  await newKey("me")
  await ok("push", byName, "bob/clerk", "--to", place)
  newPerson().become()
  expect(await ok("add", "bob/clerk", "--from", place)).toContain("with 1 module that it uses")
  const theirs = join(temporary(), "theirs")
  await ok("pull", "bob/clerk", "--into", theirs, "--from", place)
  expect(await Promise.all(QUESTIONS.map((text) => ok("ask", theirs, text)))).toEqual(answers)
})

test("a push that is cut at any request is run again, and is whole", { timeout: 120_000 }, async (context) => {
  requireOrSkip(context, missing)
  const intent = join(repository, "modules/intent")
  for (let after = 0; ; after++) {
    const proxy = await cutting(running!.address, after)
    const name = `acme/cut-${after}`
    const first = await brain(["push", intent, name, "--to", proxy.address])
    proxy.server.closeAllConnections()
    proxy.server.close()
    if (first.code !== 0) expect(first.err).toMatch(/error\[OB72[01]\]/)
    const again = JSON.parse(await ok("push", intent, name, "--to", running!.address, "--json"))
    expect(again.serial).toBe(0)
    const person = newPerson()
    person.become()
    expect(await ok("add", name, "--from", running!.address)).toContain("in your store")
    ann!.become()
    if (first.code === 0) {
      expect(after).toBeGreaterThan(20) // it was cut at each of them
      return
    }
  }
})

/** A way to the registry that breaks after so many requests. */
async function cutting(address: string, after: number): Promise<{ readonly address: string; readonly server: Server }> {
  let asked = 0
  const server = createServer((incoming, outgoing) => {
    if (asked++ >= after) return void incoming.destroy()
    const { method, headers, url } = incoming
    const onward = ask(new URL(url!, address), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on("error", () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const bound = server.address()
  return { address: `http://127.0.0.1:${bound !== null && typeof bound === "object" ? bound.port : 0}`, server }
}
