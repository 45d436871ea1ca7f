#!/usr/bin/env node
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { runCommandLine } from "./command_line.ts"
import type { Colour, Services } from "./services.ts"
import { terminalOf } from "./terminal.ts"
import { widenVectors } from "./wide.ts"

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }
const colours = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !process.env["NO_COLOR"]

const isTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

let isHeld = false
let stopped = "Stopped; nothing was changed."
const services: Services = {
  print: (line) => void process.stdout.write(`${line}\n`),
  write: (text) => new Promise((done) => void process.stdout.write(text, () => done())),
  complain: (text) => void process.stderr.write(`${text}\n`),
  progress(line) {
    if (!process.stderr.isTTY) return
    process.stderr.write(line === undefined ? "\r\x1b[K" : line.endsWith("\n") ? line : `\r\x1b[K${line}`)
  },
  isTerminal: isTerminal(),
  ...(isTerminal() && { terminal: terminalOf(process.stdin, process.stdout) }),
  input: process.stdin,
  paint: (colour, text) => (text !== "" && colours(process.stdout) ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text),
  temporaryFolder() {
    const folder = mkdtempSync(join(tmpdir(), "brain-"))
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
    return folder
  },
  holdInterrupts() {
    isHeld = true
  },
  whenStopped(line) {
    stopped = line
  },
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)
  process.on(signal, () => {
    if (isHeld) return // the module is whole in a moment, and then it ends by itself
    services.progress(undefined)
    process.stderr.write(`${stopped}\n`)
    process.exit(code)
  })
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    process.exit(0) // the reader has seen enough, as `head` does
  })
widenVectors() // the process is ours
process.exitCode = await runCommandLine(process.argv.slice(2), services)
// A stream that somebody keeps open is no reason to stay: nobody reads it any more.
process.stdin.unref?.()
