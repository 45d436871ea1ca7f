import { readFileSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { RemoteDeclaration } from "@open-brains/core/composition/parts.ts"
import type { PortType } from "@open-brains/core/composition/types.ts"
import type { Answered, Value } from "@open-brains/core/run/part.ts"
import { expect, onTestFinished, test } from "vitest"
import { declareRemote, TEXT } from "../code/testing/declare.ts"
import { temporary } from "../testing/command.ts"
import { openRemote, type RemoteOptions } from "./open.ts"
import { openTranscript } from "./transcript.ts"

interface Heard {
  readonly path: string
  readonly key: string | undefined
  readonly body: Record<string, unknown>
}
type Respond = (response: ServerResponse, heard: Heard) => unknown

/** A server on this machine: its address, and what it was asked. */
async function serverThat(respond: Respond): Promise<{ readonly url: string; readonly heard: readonly Heard[] }> {
  const heard: Heard[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    const one = { path: request.url!, key: request.headers.authorization, body: JSON.parse(body) as Heard["body"] }
    heard.push(one)
    await respond(response, one)
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard }
}
const says =
  (json: unknown): Respond =>
  (response) =>
    response.end(JSON.stringify(json))
const chat = (content: unknown, prompt = 10, completion = 5): unknown => ({
  choices: [{ message: { role: "assistant", content } }],
  usage: { prompt_tokens: prompt, completion_tokens: completion },
})
type Declared = Parameters<typeof declareRemote>[0]
const options = { allowed: true, environment: { KEY: "s3cret" } }
async function ask(
  declared: Declared,
  inputs: readonly Value[] = ["hello"],
  more: Partial<RemoteOptions> = {},
): Promise<Answered> {
  return openRemote(declareRemote(declared), { ...options, ...more }).ask(inputs, undefined)
}
const CHAT = { protocol: "chat", model: "m1", prompt: "Answer {message}" } as const
const LABEL: PortType = { type: "label", labels: ["yes", "no"] }

test("http: the inputs go out by name, the outputs come back by name", async () => {
  const { url, heard } = await serverThat(says({ outputs: { kind: "yes", vector: [1, 0.1], more: 1 } }))
  const takes = { message: TEXT, seen: LABEL, bytes: { type: "bytes", bytesMax: 9 } } as const
  const gives = { kind: LABEL, vector: { type: "vector", length: 2 } } as const
  const declared = { endpoint: url, keyFrom: "KEY", takes, gives }
  const given = await ask(declared, ["hello", { label: undefined }, Uint8Array.of(255)])
  expect(given).toEqual([{ label: "yes" }, Float32Array.of(1, 0.1)])
  expect(heard).toEqual([
    { path: "/", key: "Bearer s3cret", body: { inputs: { message: "hello", seen: null, bytes: "/w==" } } },
  ])
})

test("chat: the prompt goes out, the first choice comes back, and what it used is told", async () => {
  const { url, heard } = await serverThat(says(chat("hi there")))
  const spent: unknown[] = []
  const declared = { ...CHAT, endpoint: `${url}v1/chat/completions`, pricePerMillionTokens: 2 }
  const given = await ask(declared, ["{message} {{"], { spent: (...each) => void spent.push(each) })
  expect(given).toEqual(["hi there"])
  expect(heard).toEqual([
    {
      path: "/v1/chat/completions",
      key: undefined,
      body: {
        ...{ model: "m1", messages: [{ role: "user", content: "Answer {message} {{" }] },
        ...{ max_tokens: 1000, temperature: 0, seed: 0 },
      },
    },
  ])
  expect(spent).toEqual([[{ promptTokens: 10, answerTokens: 5 }, 0.00003]])
})

test.each<[unknown, PortType, unknown]>([
  [" yes\n", LABEL, [{ label: "yes" }]],
  ["unsure", LABEL, [{ label: undefined }]],
  ["Yes, of course", LABEL, { nothing: expect.stringContaining('the label "Yes, of course"') }],
  [" 0.25 ", { type: "number", least: 0, most: 1 }, [0.25]],
  ["7", { type: "number", least: 0, most: 1 }, { nothing: expect.stringContaining("7 where number from 0 to 1") }],
  ["none", { type: "number", least: 0, most: 1 }, { nothing: expect.stringContaining("none") }],
  ['{"reply": [1, 2]}', { type: "vector", length: 2 }, [Float32Array.of(1, 2)]],
  ["no JSON", { type: "vector", length: 2 }, { nothing: expect.stringContaining("no JSON") }],
  ["x".repeat(1001), TEXT, { nothing: expect.stringContaining("more than 1000 bytes") }],
  [null, TEXT, { nothing: expect.stringContaining("no text in choices[0].message.content") }],
  [" \n", TEXT, { nothing: expect.stringContaining("no text in choices[0].message.content") }],
])("chat: %j is checked", async (content, type, outcome) => {
  const { url } = await serverThat(says(chat(content)))
  expect(await ask({ ...CHAT, endpoint: url, gives: { reply: type } })).toEqual(outcome)
})

test("nothing is sent unless it is allowed, or without its key", async () => {
  const { url, heard } = await serverThat(says({ outputs: { reply: "x" } }))
  expect(await ask({ endpoint: url }, ["a"], { allowed: false })).toEqual({
    nothing: "remote parts are off; allow them with --allow-remote",
  })
  const missing = { nothing: "its key is missing: set KEY in the environment" }
  for (const environment of [{}, { KEY: "" }])
    expect(await ask({ endpoint: url, keyFrom: "KEY" }, ["a"], { environment })).toEqual(missing)
  const odd = await ask({ endpoint: url, keyFrom: "KEY" }, ["a"], { environment: { KEY: "se\ncret" } })
  expect(odd).toEqual({ nothing: "its key, in KEY, has characters that cannot be sent" })
  expect(heard).toEqual([])
})

const soon = async (answer: Promise<Answered>, mostMs: number): Promise<unknown> => {
  const before = performance.now()
  const given = await answer
  expect(performance.now() - before).toBeLessThan(mostMs)
  return given
}

test("who is late is cut off: before it answers, and while it does", async () => {
  const limits = { latencyMs: 60 }
  const silent = await serverThat(() => sleep(3000, undefined, { ref: false }))
  const slow = await serverThat(async (response) => {
    for (let i = 0; i < 60 && !response.destroyed; i++) {
      response.write(" ")
      await sleep(20)
    }
  })
  for (const { url } of [silent, slow])
    expect(await soon(ask({ endpoint: url, limits }), 1000)).toEqual({
      nothing: expect.stringMatching(/took longer than 60 ms$/),
    })
  const part = openRemote(declareRemote({ endpoint: silent.url }), options)
  const cut = Promise.resolve(part.ask(["a"], { withinMs: 30 }))
  expect(await soon(cut, 1000)).toEqual({ nothing: expect.stringMatching(/took longer than 30 ms$/) })
})

test.each<[string, Respond, RegExp]>([
  ["500", (r) => r.writeHead(500).end("s3cret"), /answered 500$/],
  ["401", (r) => r.writeHead(401).end(), /answered 401: it does not accept the key$/],
  ["no JSON", (r) => r.end("<html>"), /answered something that is no JSON$/],
  ["another JSON", (r) => r.end("[1]"), /answered no JSON with its outputs by name/],
  ["a broken connection", (r) => r.destroy(), /cannot be reached/],
  [
    "an endless body",
    (r) => void r.write(`{"outputs": {"reply": "${"x".repeat(2 ** 20)}`),
    /more than the 66136 bytes/,
  ],
  ["the key", (r, { key }) => r.end(JSON.stringify({ outputs: { reply: key } })), /^its answer repeats the key$/],
  ["an output that is missing", (r) => r.end('{"outputs": {"__proto__": {"reply": "x"}}}'), /`reply` nothing at all/],
])("nothing comes of %s", async (_, respond, reason) => {
  const { url } = await serverThat(respond)
  const given = await ask({ endpoint: url, keyFrom: "KEY", limits: { outputBytes: 100 } })
  expect(given).toEqual({ nothing: expect.stringMatching(reason) })
  expect(JSON.stringify(given)).not.toContain("s3cret")
})

test("an answer longer than its limit is none", async () => {
  const { url } = await serverThat(says({ outputs: { reply: "x".repeat(101) } }))
  expect(await ask({ endpoint: url, limits: { outputBytes: 100 } })).toEqual({
    nothing: expect.stringContaining("of 101 bytes"),
  })
})

test("it is followed to another address of the same host, and to no other, nor round and round", async () => {
  const other = await serverThat(says({ outputs: { reply: "other" } }))
  const { url, heard } = await serverThat((response, { path }) => {
    const to: Readonly<Record<string, readonly [number, string]>> = {
      "/": [307, "/there"],
      "/away": [307, other.url],
      "/get": [302, "/there"],
      "/round": [308, "/round"],
      "/bare": [307, ""],
    }
    const [status, location] = to[path] ?? []
    if (status === undefined) response.end('{"outputs": {"reply": "there"}}')
    else response.writeHead(status, location === "" ? {} : { location }).end()
  })
  const declared = { keyFrom: "KEY" }
  expect(await ask({ ...declared, endpoint: url })).toEqual(["there"])
  expect(await ask({ ...declared, endpoint: `${url}away` })).toEqual({
    nothing: expect.stringMatching(/sends on to 127.0.0.1:\d+, which is not followed$/),
  })
  expect(other.heard).toEqual([])
  expect(await ask({ ...declared, endpoint: `${url}get` })).toEqual({ nothing: expect.stringContaining("by 302") })
  const before = heard.length
  expect(await ask({ ...declared, endpoint: `${url}round` })).toEqual({ nothing: expect.stringContaining("on and on") })
  expect(heard.length - before).toBe(4)
  expect(await ask({ ...declared, endpoint: `${url}bare` })).toEqual({ nothing: expect.any(String) })
})

test("the cost of an answer is kept before it is sent, and what was counted after", async () => {
  const { url, heard } = await serverThat(says(chat("hi", 1000, 1)))
  const declared = { ...CHAT, endpoint: url, pricePerMillionTokens: 1 }
  expect(await ask({ ...declared, limits: { cost: 50e-6 } })).toEqual({
    nothing: expect.stringContaining("so nothing was sent"),
  })
  expect(heard).toEqual([])
  const bytes = "Answer hello".length + 64
  expect(await ask({ ...declared, limits: { cost: 100e-6 } })).toEqual({
    nothing: expect.stringContaining("counted 0.001001"),
  })
  expect(heard[0]!.body["max_tokens"]).toBe(100 - bytes)
  expect(await ask({ ...declared, limits: { cost: 1 } })).toEqual(["hi"])
  expect(heard[1]!.body["max_tokens"]).toBe(1000)
})

test("what is recorded is replayed without a network, and a request that is missing is named", async () => {
  const path = join(temporary(), "answers.jsonl")
  const { url, heard } = await serverThat((r, { body }) =>
    says(chat(`to ${JSON.stringify(body["messages"])}`))(r, {} as Heard),
  )
  const declared = { ...CHAT, endpoint: url, keyFrom: "KEY" }
  const transcript = await openTranscript(path, "record")
  const part = openRemote(declareRemote(declared), { ...options, transcript })
  const given = await Promise.all([part.ask(["a"], undefined), part.ask(["b"], undefined), part.ask(["a"], undefined)])
  expect(heard).toHaveLength(3)
  const text = readFileSync(path, "utf8")
  expect(text).not.toContain("s3cret")
  expect(text.trimEnd().split("\n")).toHaveLength(2)

  const replayed = await openTranscript(path, "replay")
  const offline: RemoteOptions = {
    ...{ allowed: false, environment: {}, transcript: replayed },
    fetch: () => Promise.reject(new Error("sent")),
  }
  const again = openRemote(declareRemote(declared), offline)
  expect([await again.ask(["a"], undefined), await again.ask(["b"], undefined)]).toEqual(given.slice(0, 2))
  expect(await again.ask(["c"], undefined)).toEqual({
    nothing: expect.stringMatching(/^no answer is recorded for this request to 127.0.0.1:\d+: sha256:[0-9a-f]{64}$/),
  })
  const stranger = openRemote(declareRemote({ ...declared, model: "m2" }), offline)
  expect(await stranger.ask(["a"], undefined)).toEqual({ nothing: expect.stringContaining("no answer is recorded") })
  expect((await openTranscript(path, "record")).find(JSON.parse(text.split("\n")[0]!).request)).toBeDefined()
})

test("a transcript that is broken, or is not there to be replayed, is refused with its line", async () => {
  const path = join(temporary(), "answers.jsonl")
  await expect(openTranscript(path, "replay")).rejects.toThrow("error[OB673]")
  writeFileSync(path, '\n{"request": "sha256:1"}\n')
  await expect(openTranscript(path, "record")).rejects.toThrow("answers.jsonl:2:1")
})

test.each<[string, Partial<Omit<RemoteDeclaration, "takes" | "gives">>, string]>([
  ["no address", { endpoint: "host/path" }, "OB670"],
  ["a file", { endpoint: "file:///etc/passwd" }, "OB670"],
  ["a password in the address", { endpoint: "https://me:s3cret@host/" }, "OB670"],
  ["a key over plain http", { endpoint: "http://host/", keyFrom: "KEY" }, "OB670"],
  [
    "a key to what only looks like this machine",
    { endpoint: "http://127.0.0.1.host.example/", keyFrom: "KEY" },
    "OB670",
  ],
  ["a prompt with an unknown name", { ...CHAT, prompt: "Answer {mesage}" }, "OB671"],
  ["no model", { protocol: "chat", prompt: "{message}" }, "OB672"],
  ["a cost without a price", { ...CHAT, limits: { cost: 1 } }, "OB674"],
  ["a cost of http", { limits: { cost: 1 }, pricePerMillionTokens: 1 }, "OB674"],
])("refused: %s", (_, declared, code) => {
  const open = (): unknown => openRemote(declareRemote(declared), options)
  expect(open).toThrow(`error[${code}]`)
  expect(open).not.toThrow("s3cret")
})

test("a prompt may name texts, labels and numbers; without one a text alone is the prompt", async () => {
  const { url, heard } = await serverThat(says(chat("x")))
  const { prompt: _, ...bare } = CHAT
  await ask({ ...bare, endpoint: url })
  const takes = { message: TEXT, kind: LABEL, score: { type: "number", least: 0, most: 1 } } as const
  await ask({ ...CHAT, endpoint: url, takes, prompt: '{{"k": {kind}, {score}} {message}' }, [
    "m",
    { label: undefined },
    0.5,
  ])
  expect(heard.map(({ body }) => (body["messages"] as { content: string }[])[0]!.content)).toEqual([
    "hello",
    '{"k": unsure, 0.5} m',
  ])
  const vector = { message: { type: "vector", length: 2 } } as const
  expect(() => openRemote(declareRemote({ ...bare, endpoint: url, takes: vector }), options)).toThrow("OB671")
  expect(() => openRemote(declareRemote({ ...CHAT, endpoint: url, takes: vector }), options)).toThrow("is a vector")
})
