import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { type Problem, Refusal, refuse } from "@open-brains/core/base/problem.ts"
import type { DataFile } from "@open-brains/core/module/manifest.ts"
import { inBytes } from "../layout.ts"
import { diskFiles, explain } from "../store/files.ts"
import { withLock } from "../store/lock.ts"
import { sha256 } from "../store/whole.ts"
import { CUT, reasonOf } from "../unreachable.ts"
import type { Fetching } from "./fetch.ts"

/** A server that says nothing for so long is given up. */
const SILENCE_MS = 30_000
/** Connections that break are taken up again where they broke, as often as this without a byte more. */
const ATTEMPTS = 3

/**
 * Fetches a file to `path`, by one address after the other: written beside, taken up again where an earlier download was
 * cut off, checked, renamed. Errors: OB532 when no address gives it, one problem each; OB157 of the disk.
 */
export async function download(set: string, file: DataFile, path: string, fetching: Fetching): Promise<Uint8Array> {
  await explain(path, mkdir(dirname(path), { recursive: true }))
  const lock = join(dirname(path), `.${basename(path)}.lock`)
  for (;;)
    try {
      const token = `${process.pid}${Math.round(performance.now() * 1000)}`
      return await explain(
        path,
        withLock(diskFiles, lock, token, "write", () => downloadLocked(set, file, path, fetching)),
      )
    } catch (error) {
      if (!(error instanceof Refusal) || error.problems[0]?.code !== "OB156") throw error
      await new Promise((wake) => setTimeout(wake, 200)) // another process fetches the same: its file is ours
    }
}

async function downloadLocked(set: string, file: DataFile, path: string, fetching: Fetching): Promise<Uint8Array> {
  const there = await readFile(path).catch(() => undefined)
  if (there && sha256(there) === file.digest) return there
  const problems: Problem[] = []
  for (const url of file.urls) {
    fetching.say?.(`Fetching ${file.name} of ${set}, ${inBytes(file.bytes)}, from ${url}`)
    const failed = await fetchTo(`${path}.part`, url, file, fetching)
    if (failed === undefined) {
      const bytes = await readFile(`${path}.part`)
      const found = sha256(bytes)
      if (found === file.digest) {
        await rename(`${path}.part`, path)
        return bytes
      }
      await rm(`${path}.part`)
      problems.push(
        problem(
          set,
          file,
          url,
          `gave ${inBytes(bytes.length)} that are another file: ${found}, not ${file.digest}`,
          CHANGED,
        ),
      )
    } else problems.push(problem(set, file, url, ...failed))
  }
  return refuse(...problems)
}
const problem = (set: string, file: DataFile, url: string, what: string, hint: string): Problem => ({
  code: "OB532",
  seen: `${file.name} of the data set ${set} (${inBytes(file.bytes)}) could not be fetched: ${url} ${what}.`,
  hint,
})
const CHANGED =
  "What lies there has changed since the data set was described. Save the file from elsewhere into a folder and set BRAIN_MIRROR to it; `brain data NAME` says under which name."
const AGAIN = "Look at the connection and run it again: it goes on where it stopped."
const ELSEWHERE =
  "Try again later, or save the file into the folder that BRAIN_MIRROR names; `brain data NAME` says under which name."

type Failed = readonly [what: string, hint: string]

/** Fills the file up to its size, however often the connection breaks. What went wrong, or nothing. */
async function fetchTo(part: string, url: string, file: DataFile, fetching: Fetching): Promise<Failed | undefined> {
  for (let attempt = 1; ; attempt++) {
    const have = (await stat(part).catch(() => undefined))?.size ?? 0
    if (have === file.bytes) return undefined
    if (have > file.bytes) await rm(part)
    const from = have > file.bytes ? 0 : have
    const ended = await fetchOnce(part, url, from, file, fetching)
    if (ended.is === "whole") return undefined
    if (ended.is === "refused") return ended.failed
    const now = (await stat(part).catch(() => undefined))?.size ?? 0
    if (now > from)
      attempt = 0 // it moves
    else if (attempt >= ATTEMPTS) return [`${ended.why} after ${inBytes(now)}`, AGAIN]
    await new Promise((wake) => setTimeout(wake, 50 * 4 ** attempt))
  }
}

type Ended =
  | { readonly is: "whole" }
  | { readonly is: "cut"; readonly why: string }
  | { readonly is: "refused"; readonly failed: Failed }

async function fetchOnce(
  part: string,
  url: string,
  from: number,
  file: DataFile,
  { onProgress }: Fetching,
): Promise<Ended> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), SILENCE_MS)
  const alive = (): void => void timer.refresh()
  const headers = { "accept-encoding": "identity", ...(from > 0 ? { range: `bytes=${from}-` } : {}) }
  let response: Response
  try {
    response = await fetch(url, { headers, signal: stop.signal, redirect: "follow" })
  } catch (error) {
    clearTimeout(timer)
    const why = stop.signal.aborted ? "did not answer" : reasonOf(error)
    return why === CUT ? { is: "cut", why } : { is: "refused", failed: [why, AGAIN] }
  }
  const goesOn = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${from}-`) === true
  const at = goesOn ? from : 0
  const wrong = wrongAnswer(response, at, file)
  if (wrong !== undefined || response.body === null) {
    stop.abort()
    clearTimeout(timer)
    if (response.status === 416) await rm(part, { force: true }) // the next attempt begins anew
    return response.status === 416
      ? { is: "cut", why: "refused to go on" }
      : { is: "refused", failed: wrong ?? ["gave nothing", ELSEWHERE] }
  }
  const out = await open(part, goesOn ? "a" : "w")
  let written = at
  try {
    for (const reader = response.body.getReader(); ; ) {
      const next = await reader.read().catch((error: unknown) => ({ error }))
      if ("error" in next)
        return { is: "cut", why: stop.signal.aborted ? "fell silent" : `broke off (${reasonOf(next.error)})` }
      alive()
      if (next.done) break
      written += next.value.length
      if (written > file.bytes) {
        await out.truncate(0)
        return { is: "refused", failed: [`gives more than ${inBytes(file.bytes)}`, CHANGED] }
      }
      await out.write(next.value)
      onProgress?.(file, written)
    }
    await out.sync()
    if (written === file.bytes) return { is: "whole" }
    if (response.headers.has("content-length")) return { is: "cut", why: "broke off" }
    await out.truncate(0) // it said itself that this is all
    return { is: "refused", failed: [`gives ${inBytes(written)} only`, CHANGED] }
  } finally {
    stop.abort()
    clearTimeout(timer)
    await out.close()
  }
}

function wrongAnswer({ status, headers }: Response, from: number, file: DataFile): Failed | undefined {
  if (status !== 200 && status !== 206)
    return [`answers ${status}${status === 404 || status === 410 ? ": it is no longer there" : ""}`, ELSEWHERE]
  const length = headers.get("content-length")
  const isPacked = ![null, "identity"].includes(headers.get("content-encoding"))
  const all = length === null || isPacked ? file.bytes : Number(length) + from
  if (all === file.bytes) return undefined
  const what = headers.get("content-type")?.startsWith("text/html") ? "a web page" : "another file"
  return [`gives ${what} of ${inBytes(all)}`, CHANGED]
}
