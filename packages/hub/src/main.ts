#!/usr/bin/env node
import { parseArgs } from "node:util"
import { messageOf, Refusal } from "@open-brains/core/base/problem.ts"
import { openHub } from "./hub.ts"

const HELP = `Usage: brain hub [--folder FOLDER] [--port PORT] [--database URL] [--verifiers N] [--anonymous]

A place where modules are shared: an OCI registry with signed pushes, search, and the jobs of the gate. It runs until it is ended.

  --folder FOLDER   where it keeps everything (default: hub)
  --port PORT       default: 7464; 0 takes any that is free
  --host HOST       default: 127.0.0.1, this machine alone
  --database URL    keep tables in PostgreSQL: postgres://USER@HOST/NAME (default: SQLite in the folder)
  --verifiers N     so many workers measure what a candidate of the gate does (default: 3)
  --anonymous       whoever has no key may push in namespaces that nobody owns (default: only with this machine alone)
  --no-anonymous    nobody may
  --json            print one line of JSON when it listens`

const PORT = 7464
const VERIFIERS_MAX = 32
async function main(words: readonly string[]): Promise<number | undefined> {
  let values: ReturnType<typeof read>
  try {
    values = read(words)
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${HELP}\n`)
    return 2
  }
  if (values.help === true) {
    process.stdout.write(`${HELP}\n`)
    return 0
  }
  const port = Number(values.port ?? PORT)
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    process.stderr.write(`--port takes a whole number from 0 to 65535.\n\n${HELP}\n`)
    return 2
  }
  const verifiers = values.verifiers === undefined ? undefined : Number(values.verifiers)
  if (verifiers !== undefined && !(Number.isInteger(verifiers) && verifiers >= 1 && verifiers <= VERIFIERS_MAX)) {
    process.stderr.write(`--verifiers takes a whole number from 1 to ${VERIFIERS_MAX}.\n\n${HELP}\n`)
    return 2
  }
  const hub = await openHub({
    folder: values.folder ?? "hub",
    port,
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.database === undefined ? {} : { database: values.database }),
    ...(verifiers === undefined ? {} : { verifiers }),
    ...(values.anonymous === undefined ? {} : { anonymous: values.anonymous }),
  })
  if (values.json === true) process.stdout.write(`${JSON.stringify({ url: hub.url, port: hub.port })}\n`)
  else process.stdout.write(`The hub listens at ${hub.url}\nUse it: export BRAIN_HUB=${hub.url}\n`)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => void hub.close().then(() => process.exit(0)))
  return undefined
}
const read = (words: readonly string[]) =>
  parseArgs({
    args: [...words],
    allowNegative: true,
    options: {
      folder: { type: "string" },
      port: { type: "string" },
      host: { type: "string" },
      database: { type: "string" },
      verifiers: { type: "string" },
      anonymous: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  }).values

try {
  const code = await main(process.argv.slice(2))
  if (code !== undefined) process.exitCode = code
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
