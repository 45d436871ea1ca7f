import { randomBytes } from "node:crypto"
import { existsSync, readFileSync, statSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type PublicKey, parsePublicKey } from "@open-brains/core/commons/envelope.ts"
import { isName } from "@open-brains/core/commons/reference.ts"
import { jsonOf, readingOf } from "@open-brains/core/commons/shape.ts"
import { writeFileWhole } from "../store/file.ts"
import { diskFiles, explain } from "../store/files.ts"
import { withLock } from "../store/lock.ts"
import { keyFolder, shortKey } from "./keys.ts"

/** Which keys speak for a namespace, to this person: the first that was seen, and those trusted in words. */
export interface Trust {
  readonly keys: ReadonlyMap<string, readonly PublicKey[]>
  /** Of `namespace/name:tag`: the serial number of the newest push that was taken. An older one is no news. */
  readonly serials: ReadonlyMap<string, number>
}

const FORMAT = 1
const BYTES_MAX = 2 ** 24
export const trustPath = (): string => join(dirname(keyFolder()), "trusted.json")

/** Errors: OB723 when the file is damaged. */
export function readTrust(path = trustPath()): Trust {
  if (!existsSync(path)) return { keys: new Map(), serials: new Map() }
  const reading = readingOf(
    path,
    "OB723",
    "Take it from a copy, or delete it: the next keys that are seen are then trusted.",
  )
  if (statSync(path).size > BYTES_MAX) reading.fail("", `file of at most ${BYTES_MAX} bytes`)
  const json = reading.object(jsonOf(readFileSync(path), reading), "")
  if (json["trusted"] !== FORMAT) reading.fail("trusted", `${FORMAT}`)
  const namespaces = Object.entries(reading.object(json["namespaces"], "namespaces")).map(([name, list]) => {
    const keys = reading.list(list, `namespaces.${name}`, 1000)
    return [
      name,
      keys.map(
        (each) =>
          (typeof each === "string" ? parsePublicKey(each) : undefined) ??
          reading.fail(`namespaces.${name}`, "list of keys"),
      ),
    ] as const
  })
  const serials = Object.entries(reading.object(json["serials"], "serials")).map(
    ([tag, serial]) => [tag, reading.whole(serial, `serials.${tag}`)] as const,
  )
  return { keys: new Map(namespaces), serials: new Map(serials) }
}

/** One after the other, also among processes. */
async function change(path: string, work: (trust: Trust) => Trust): Promise<void> {
  await explain(path, mkdir(dirname(path), { recursive: true, mode: 0o700 }))
  await withLock(diskFiles, `${path}.lock`, randomBytes(8).toString("hex"), "write", async () => {
    const { keys, serials } = work(readTrust(path))
    const json = { trusted: FORMAT, namespaces: Object.fromEntries(keys), serials: Object.fromEntries(serials) }
    await writeFileWhole(path, `${canonicalJson(json)}\n`)
  })
}

/** From now on that key speaks for the namespace. */
export const trustKey = (namespace: string, key: PublicKey, path = trustPath()): Promise<void> =>
  change(path, ({ keys, serials }) => ({
    keys: new Map([...keys, [namespace, [...new Set([...(keys.get(namespace) ?? []), key])]]]),
    serials,
  }))

/** It does not any more; false when it did not. The last key forgotten, the next that is seen is trusted, and so are its serial numbers. */
export async function forgetKey(namespace: string, key: PublicKey, path = trustPath()): Promise<boolean> {
  let isFound = false
  await change(path, ({ keys, serials }) => {
    const known = keys.get(namespace) ?? []
    isFound = known.includes(key)
    const left = known.filter((each) => each !== key)
    const others = [...keys].filter(([name]) => name !== namespace)
    return left.length > 0
      ? { keys: new Map([...others, [namespace, left]]), serials }
      : { keys: new Map(others), serials: new Map([...serials].filter(([tag]) => !tag.startsWith(`${namespace}/`))) }
  })
  return isFound
}

export const rememberSerial = (tag: string, serial: number, path = trustPath()): Promise<void> =>
  change(path, ({ keys, serials }) => ({
    keys,
    serials: new Map([...serials, [tag, Math.max(serial, serials.get(tag) ?? 0)]]),
  }))

/**
 * Whether one of the keys speaks for the namespace; `first` when none was seen before. Errors: OB726 when others do.
 */
export function judge(trust: Trust, namespace: string, signers: readonly PublicKey[]): "trusted" | "first" {
  const known = trust.keys.get(namespace)
  if (known === undefined || known.length === 0) return "first"
  if (signers.some((key) => known.includes(key))) return "trusted"
  return refuse({
    code: "OB726",
    seen: `Another key signs for ${namespace} than before: ${signers.map(shortKey).join(", ")}, not ${known.map(shortKey).join(", ")}.`,
    hint: `Ask ${namespace} in another way whether the key is theirs. If it is: brain key trust ${namespace} ${signers[0]}`,
  })
}

/** Errors: OB700 when it is no name of one. */
export const needNamespace = (text: string): string =>
  isName(text)
    ? text
    : refuse({
        code: "OB700",
        seen: `\`${text.slice(0, 80)}\` is no namespace.`,
        hint: "It is what stands before the slash of a module's name: small letters, digits and single hyphens.",
      })
/** Errors: OB723 when it is no key. */
export const needKey = (text: string): PublicKey =>
  parsePublicKey(text) ??
  refuse({
    code: "OB723",
    seen: `\`${text.slice(0, 80)}\` is no key.`,
    hint: "A key is ed25519: and 43 signs; `brain key show` prints yours, and refusals name the one that they saw.",
  })
