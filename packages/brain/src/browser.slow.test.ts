import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { chromium, type Page } from "playwright-core"
import { expect, onTestFinished, test } from "vitest"
import { foldersFor, serve } from "../../../examples/browser/serve.ts"
import { findProgram, missingProgram, repository, requireOrSkip, type SkippableTest } from "../../../scripts/testing.ts"
import { load, open } from "./load.ts"
import { type Answers, answersOn, differences, hostileTexts } from "./native/same_bits.ts"
import { type ModuleFiles, readModule } from "./store/folder.ts"
import type { BrowserAnswers, Questions } from "./testing/browser_answers.ts"

const MODULE = join(repository, "modules/intent")
const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
const MESSAGES = readFileSync(join(repository, "examples/helpdesk/more.txt"), "utf8").trimEnd().split("\n")
const SEED = 1
/** 200 texts: messages as people write them, random bytes, and messages with damage that UTF-8 forbids. */
const TEXTS = [
  ...MESSAGES.map((message) => new TextEncoder().encode(message)),
  ...hostileTexts(MESSAGES, 200 - MESSAGES.length, SEED),
]
/** For `ask`, which encodes: also nothing at all, half a surrogate pair, and more than is read. */
const ASKED = [...MESSAGES, "", "\ud800 where", "😀".repeat(300), "what is my balance ".repeat(80)]

async function serveFolders(): Promise<string> {
  const core = join(repository, "packages/core/src/")
  const helpers = { "/packages/core/src/": core, "/packages/brain/src/testing/": join(import.meta.dirname, "testing") }
  const { server, address } = await serve({ ...helpers, ...foldersFor(MODULE) })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return address
}

interface Opened {
  readonly page: Page
  readonly address: string
  /** What the page, or a worker of it, complained about. */
  readonly complaints: string[]
  /** Where it sent requests. */
  readonly origins: Set<string>
}

/** A browser with an empty profile, and a page in it that went nowhere yet. */
async function openBrowser(context: SkippableTest): Promise<Opened> {
  requireOrSkip(context, missingProgram("chromium"))
  const address = await serveFolders()
  const profile = mkdtempSync(join(tmpdir(), "brain-browser-"))
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: findProgram("chromium")!,
    headless: true,
    chromiumSandbox: false, // tests run as root in containers, where the sandbox cannot start
    args: [...FLAGS, "--disable-component-update", "--disable-sync"],
  })
  onTestFinished(async () => {
    await browser.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  const complaints: string[] = []
  const origins = new Set<string>()
  browser.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()))
  browser.on("weberror", (event) => complaints.push(event.error().message))
  browser.on("request", (sent) => origins.add(new URL(sent.url()).origin))
  return { page: await browser.newPage(), address, complaints, origins }
}

/** Calls a function of testing/browser_answers.ts there. As text: vitest rewrites an `import()` that it sees. */
async function askThere({ page, address }: Opened, name: string, questions: Questions): Promise<BrowserAnswers> {
  const helper = `${address}/packages/brain/src/testing/browser_answers.ts`
  const call = `import("${helper}").then((helper) => helper.${name}(${JSON.stringify(questions)}))`
  return (await page.evaluate(call)) as BrowserAnswers
}

function answersHere(files: ModuleFiles, engine: Engine, texts: readonly Uint8Array[]): Answers {
  const { gives, unsureBelow } = files.manifest
  return answersOn(engine, { ...contentsOf(files), labels: gives.labels, unsureBelow }, texts)
}

test.for([
  { where: "a page", name: "answersOf", engine: wasmEngine, texts: TEXTS },
  { where: "a Web Worker", name: "answersInWorker", engine: wasmEngine, texts: TEXTS },
  { where: "a page on the interpreter", name: "answersOf", engine: interpreterEngine, texts: TEXTS.slice(22, 25) },
])("core answers in $where as in Node, byte for byte", { timeout: 120_000 }, async (run, context) => {
  const opened = await openBrowser(context)
  await opened.page.goto(opened.address)
  const { name, engine, texts } = run
  const asked = engine === wasmEngine ? ASKED : ASKED.slice(0, 1)
  const there = await askThere(opened, name, {
    module: `${opened.address}/module/`,
    engine: engine === wasmEngine ? "wasm" : "interpreter",
    texts: texts.map((text) => [...text]),
    messages: asked,
  })
  const files = await readModule(MODULE)
  const here = answersHere(files, engine, texts)
  const bytes = Uint8Array.from(there.bytes)
  expect(bytes.length).toBe(here.bytes.length)
  expect(differences(here, { engine: "browser", texts: texts.length, bytes })).toEqual({ count: 0 })
  const brain = open(files)
  expect(there.answers).toEqual(asked.map((message) => brain.ask(message)))
  expect(there.parts).toEqual(files.manifest.parts)
  expect([...opened.origins]).toEqual([opened.address])
  expect(opened.complaints).toEqual([])
})

test("the example page answers at every key, and shows what is likeliest", { timeout: 60_000 }, async (context) => {
  const opened = await openBrowser(context)
  const { page, address } = opened
  await page.goto(address)
  await page.locator("main").waitFor()
  const brain = await load(MODULE)
  for (const text of ["what is my balance", MESSAGES[0]!, "", "a".repeat(2000), "<b>&amp;"]) {
    await page.fill("#text", text)
    const { label } = brain.ask(text)
    const likeliest = brain.ranking(5).map((each) => [each.label, `${(each.probability * 100).toFixed(1)} %`])
    expect(await page.locator("#answer").textContent()).toBe(label ?? "unsure")
    const rows = await page.locator("#ranking li").all()
    expect(await Promise.all(rows.map((row) => row.locator("span").allTextContents()))).toEqual(likeliest)
  }
  await page.fill("#text", "")
  await page.locator("#text").pressSequentially("what song is this")
  expect(await page.locator("#answer").textContent()).toBe(brain.ask("what song is this").label)
  expect(await page.locator("#time").textContent()).toMatch(/^\d+ µs an answer/)
  expect([...opened.origins]).toEqual([address])
  expect(opened.complaints).toEqual([])
})

test("the example page opens no module with an altered part", { timeout: 60_000 }, async (context) => {
  const { page, address } = await openBrowser(context)
  const weights = readFileSync(join(MODULE, "weights.safetensors"))
  weights[weights.length - 1]! ^= 1
  await page.route("**/weights.safetensors", (route) => route.fulfill({ body: weights }))
  await page.goto(address)
  await page.getByText("is not the one that module.brain names").waitFor()
  expect(await page.locator("main").isHidden()).toBe(true)
})

/** As sent: fetch() would tidy the path, and lets nobody choose the host. */
function statusOf(address: string, path: string, host = new URL(address).host, method = "GET"): Promise<number> {
  return new Promise((done, fail) => {
    const sent = request(address, { path, method, headers: { host } }, (response) => {
      response.resume()
      done(response.statusCode!)
    })
    sent.on("error", fail).end()
  })
}

test("the example server gives what the page needs, to this machine, and nothing else", async () => {
  const address = await serveFolders()
  expect(new URL(address).hostname).toBe("127.0.0.1")
  const given = ["/", "/index.html?a", "/core/compile.ts", "/module/module.brain", "/module/../core/compile.ts"]
  for (const path of given) expect([path, await statusOf(address, path)]).toEqual([path, 200])
  const secret = [
    "/../../package.json",
    "/%2e%2e/%2e%2e/package.json",
    "/..%2f..%2fpackage.json",
    "/module/..%2findex.ts",
  ]
  const odd = [
    "/core",
    "/core/",
    "/core//etc/passwd",
    "/module/%00",
    "/%",
    "/..%5c..%5cpackage.json",
    "//x",
    "/module/none",
  ]
  for (const path of [...secret, ...odd]) expect([path, await statusOf(address, path)]).toEqual([path, 404])
  expect(await statusOf(address, "/module/module.brain", "attacker.example")).toBe(403)
  expect(await statusOf(address, "/", undefined, "POST")).toBe(405)
})

test("a link does not lead out of what is served", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-served-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  symlinkSync(join(repository, "package.json"), join(folder, "link.json"))
  writeFileSync(join(folder, "own.json"), "{}")
  const { server, address } = await serve({ "/": folder })
  onTestFinished(() => void server.close())
  expect([await statusOf(address, "/own.json"), await statusOf(address, "/link.json")]).toEqual([200, 404])
})
