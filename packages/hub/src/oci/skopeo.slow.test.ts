import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { digestBytes } from "../hash.ts"
import { claim, endHubs, makeModule, makeSigner, pushModule, startHub } from "../testing/hub.ts"

afterEach(endHubs)

// The hub runs in this process, so that skopeo must not block it.
const skopeo = async (...words: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> => {
  const child = spawn("skopeo", ["--insecure-policy", ...words])
  let out = ""
  child.stdout.on("data", (part) => (out += part))
  child.stderr.on("data", (part) => (out += part))
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out })))
}

test("skopeo pushes, looks, lists, pulls and deletes", async (context) => {
  requireOrSkip(context, missingProgram("skopeo"))
  const folder = mkdtempSync(join(tmpdir(), "skopeo-"))
  try {
    const { url } = await startHub()
    const place = `docker://${url.slice("http://".length)}/anonymous/x`
    const { blobs, manifest } = makeModule("a net")
    const image = join(folder, "image")
    mkdirSync(image)
    for (const blob of blobs) writeFileSync(join(image, digestBytes(blob).slice(7)), blob)
    writeFileSync(join(image, "manifest.json"), manifest)
    writeFileSync(join(image, "version"), "Directory Transport Version: 1.1\n")
    const pushed = await skopeo("copy", "--preserve-digests", "--dest-tls-verify=false", `dir:${image}`, `${place}:v1`)
    expect(pushed.code, pushed.out).toBe(0)
    const raw = await skopeo("inspect", "--raw", "--tls-verify=false", `${place}:v1`)
    expect(digestBytes(Buffer.from(raw.out))).toBe(digestBytes(manifest))
    const tags = await skopeo("list-tags", "--tls-verify=false", place)
    expect(JSON.parse(tags.out).Tags).toEqual(["v1"])
    const pulled = await skopeo(
      "copy",
      "--preserve-digests",
      "--src-tls-verify=false",
      `${place}:v1`,
      `dir:${join(folder, "back")}`,
    )
    expect(pulled.code, pulled.out).toBe(0)
    expect(new Uint8Array(readFileSync(join(folder, "back", "manifest.json")))).toEqual(manifest)
    const deleted = await skopeo("delete", "--tls-verify=false", `${place}:v1`)
    expect(deleted.code, deleted.out).toBe(0)
    expect((await skopeo("inspect", "--raw", "--tls-verify=false", `${place}:v1`)).code).not.toBe(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test("skopeo pulls what was pushed with a signature, and may not move its tags", async (context) => {
  requireOrSkip(context, missingProgram("skopeo"))
  const folder = mkdtempSync(join(tmpdir(), "skopeo-"))
  try {
    const { url } = await startHub()
    const place = `docker://${url.slice("http://".length)}/acme/intent`
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const module = makeModule("a net")
    expect((await pushModule(url, "acme/intent", module, ada)).status).toBe(200)
    const pulled = await skopeo(
      "copy",
      "--preserve-digests",
      "--src-tls-verify=false",
      `${place}:edge`,
      `dir:${folder}`,
    )
    expect(pulled.code, pulled.out).toBe(0)
    const moved = await skopeo(
      "copy",
      "--preserve-digests",
      "--dest-tls-verify=false",
      `dir:${folder}`,
      `${place}:stable`,
    )
    expect(moved.code).not.toBe(0)
    expect(moved.out).toContain("brain push")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
