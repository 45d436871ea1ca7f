import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signWith,
  verify as verifyWith,
} from "node:crypto"
import { lstatSync, readdirSync, readFileSync } from "node:fs"
import { chmod, mkdir, open } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { refuse, suggest } from "@open-brains/core/base/problem.ts"
import { type PublicKey, parsePublicKey, type Signer, type Verify } from "@open-brains/core/commons/envelope.ts"
import { isName } from "@open-brains/core/commons/reference.ts"
import { codeOf, explain } from "../store/files.ts"

/** The name of the key that is used when nobody names one. */
export const USUAL_KEY = "me"
const KEY_BYTES_MAX = 4096

/** `$XDG_CONFIG_HOME/open-brains/keys`, by `~/.config` where it is not set. */
export const keyFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(environment["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "open-brains", "keys")

export interface NamedKey {
  readonly name: string
  readonly key: PublicKey
  readonly path: string
}

/** Makes a key, ed25519, in a file that its owner alone reads. Errors: OB723 when there is one of that name. */
export async function newKey(name: string, folder = keyFolder()): Promise<NamedKey> {
  if (!isName(name)) badName(name)
  const path = join(folder, `${name}.pem`)
  const { privateKey } = generateKeyPairSync("ed25519")
  await explain(folder, mkdir(folder, { recursive: true, mode: 0o700 }))
  await explain(folder, chmod(folder, 0o700))
  try {
    const file = await open(path, "wx", 0o600)
    try {
      await file.writeFile(privateKey.export({ type: "pkcs8", format: "pem" }))
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) !== "EEXIST") return explain(path, Promise.reject(error))
    refuse({
      code: "OB723",
      seen: `There is a key ${name} already: ${path}.`,
      hint: "Use it, or give the new one another name: brain key new NAME. Keys are never written over.",
    })
  }
  return { name, key: publicKeyOf(privateKey), path }
}

/** Names of the keys that are here, in order. */
export function keyNames(folder = keyFolder()): readonly string[] {
  try {
    return readdirSync(folder)
      .flatMap((file) => (file.endsWith(".pem") && isName(file.slice(0, -4)) ? [file.slice(0, -4)] : []))
      .sort()
  } catch (error) {
    if (codeOf(error) === "ENOENT") return []
    throw error
  }
}

/**
 * Who signs by that key: by name; without one, the key called `me`, or the only one there is.
 * Errors: OB723 when there is none, it can be read by others, or is none of ed25519.
 */
export function signerOf(asked: string | undefined, folder = keyFolder()): Signer & NamedKey {
  const names = keyNames(folder)
  const name = asked ?? (names.length === 1 ? names[0]! : USUAL_KEY)
  if (!isName(name)) badName(name)
  if (!names.includes(name)) {
    const which = names.length === 0 ? `There is no key in ${folder} yet` : `There is no key ${name} in ${folder}`
    refuse({
      code: "OB723",
      seen: `${which}, and what you push, claim or measure is signed by one.`,
      hint:
        names.length === 0
          ? "Make one: brain key new"
          : asked === undefined
            ? `Say which: --key NAME. ${suggest(name, names)}`
            : suggest(name, names),
    })
  }
  return signerIn(name, join(folder, `${name}.pem`), folder)
}

/** Who signs by the key of a file; others may read neither it nor, where it holds nothing but keys, its folder. Errors: OB723. */
export function signerIn(name: string, path: string, folder?: string): Signer & NamedKey {
  const privateKey = readPrivate(path, folder)
  const key = publicKeyOf(privateKey)
  return { name, path, key, sign: (message) => new Uint8Array(signWith(null, message, privateKey)) }
}

/** The same of several names, each once; of none, the one that is used then. */
export const signersNamed = (names: readonly string[] = []): readonly (Signer & NamedKey)[] =>
  names.length === 0 ? [signerOf(undefined)] : [...new Set(names)].map((name) => signerOf(name))

function readPrivate(path: string, folder: string | undefined): KeyObject {
  const unfit = (seen: string, hint: string): never => refuse({ code: "OB723", seen, hint })
  const isOpen = (at: string): boolean => process.platform !== "win32" && (lstatSync(at).mode & 0o077) !== 0
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found?.isFile() || found.size > KEY_BYTES_MAX)
    unfit(`${path} is no file of a key.`, "Make one: brain key new NAME")
  for (const [at, mode] of [
    [folder, "700"],
    [path, "600"],
  ] as const)
    if (at !== undefined && isOpen(at))
      unfit(
        `Others on this machine can read ${at}, and whoever has the key signs in your name.`,
        `If nobody has: chmod ${mode} ${at}. Else make another one: brain key new NAME`,
      )
  try {
    const key = createPrivateKey(readFileSync(path))
    if (key.asymmetricKeyType === "ed25519") return key
  } catch {}
  return unfit(
    `${path} holds no private key of ed25519.`,
    "Take it from a copy, or make another one: brain key new NAME",
  )
}

const badName = (name: string): never =>
  refuse({
    code: "OB723",
    seen: `\`${name.slice(0, 80)}\` is no name of a key.`,
    hint: "Small letters, digits and single hyphens, beginning with a letter: me, work, ci-2.",
  })

const publicKeyOf = (key: KeyObject): PublicKey =>
  parsePublicKey(`ed25519:${createPublicKey(key).export({ format: "jwk" }).x}`) ?? bug("a key of ed25519 has no name")
const bug = (what: string): never => {
  throw new Error(`bug: ${what}`)
}

/** Source: RFC 8032, by node:crypto. */
export const verify: Verify = (key, message, signature) => {
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.slice("ed25519:".length) }
  try {
    return verifyWith(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature)
  } catch {
    return false // no point of the curve
  }
}

/** A key as lines show it; `brain key show` has all of it. */
export const shortKey = (key: PublicKey): string => `${key.slice(0, "ed25519:".length + 10)}…`
