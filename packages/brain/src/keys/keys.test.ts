import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseEnvelope, parsePublicKey, seal, signersOf } from "@open-brains/core/commons/envelope.ts"
import { expect, test } from "vitest"
import { codesOf } from "../store/testing/artifacts.ts"
import { temporary } from "../testing/command.ts"
import { keyNames, newKey, signerOf, verify } from "./keys.ts"
import { forgetKey, judge, readTrust, rememberSerial, trustKey } from "./trust.ts"

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const codeOf = (work: () => unknown): Promise<string> => codesOf((async () => work())())

test("a key is for its owner alone, signs, and is never written over", async () => {
  const folder = join(temporary(), "keys")
  const made = await newKey("me", folder)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(made.path).mode & 0o777).toBe(0o600)
  expect(parsePublicKey(made.key)).toBe(made.key)
  const before = readFileSync(made.path, "utf8")
  expect(await codesOf(newKey("me", folder))).toBe("OB723")
  expect(readFileSync(made.path, "utf8")).toBe(before)
  const signer = signerOf(undefined, folder)
  expect(signer.key).toBe(made.key)
  const envelope = parseEnvelope(seal(text("hello"), [signer]))
  expect(signersOf(envelope, verify)).toEqual([made.key])
  for (const altered of [
    { ...envelope, payload: text("hellp") },
    { ...envelope, payloadType: "text/plain" },
    {
      ...envelope,
      signatures: [
        {
          ...envelope.signatures[0]!,
          signature: envelope.signatures[0]!.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
        },
      ],
    },
  ])
    expect(signersOf(altered, verify)).toEqual([])
})

test("the one key there is, else the one called me, else the one that is named", async () => {
  const folder = join(temporary(), "keys")
  expect(await codeOf(() => signerOf(undefined, folder))).toBe("OB723")
  await newKey("work", folder)
  expect(signerOf(undefined, folder).name).toBe("work")
  await newKey("home", folder)
  expect(await codeOf(() => signerOf(undefined, folder))).toBe("OB723")
  expect(signerOf("home", folder).name).toBe("home")
  await newKey("me", folder)
  expect(signerOf(undefined, folder).name).toBe("me")
  expect(keyNames(folder)).toEqual(["home", "me", "work"])
  for (const name of ["../me", "", "Me", "other"]) expect(await codeOf(() => signerOf(name, folder))).toBe("OB723")
  expect(await codesOf(newKey("../me", folder))).toBe("OB723")
})

test.skipIf(process.platform === "win32")("a key that others can read, or a link, signs nothing", async () => {
  const folder = join(temporary(), "keys")
  const { path } = await newKey("me", folder)
  chmodSync(path, 0o640)
  expect(await codeOf(() => signerOf("me", folder))).toBe("OB723")
  chmodSync(path, 0o600)
  chmodSync(folder, 0o755)
  expect(await codeOf(() => signerOf("me", folder))).toBe("OB723")
  chmodSync(folder, 0o700)
  expect(signerOf("me", folder).name).toBe("me")
  symlinkSync(path, join(folder, "link.pem"))
  expect(await codeOf(() => signerOf("link", folder))).toBe("OB723")
})

test("what is no key of ed25519 is refused", async () => {
  const folder = join(temporary(), "keys")
  mkdirSync(folder, { mode: 0o700 })
  for (const content of ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "x".repeat(5000)]) {
    writeFileSync(join(folder, "me.pem"), content, { mode: 0o600 })
    expect(await codeOf(() => signerOf("me", folder))).toBe("OB723")
  }
  const none = parsePublicKey(`ed25519:${"A".repeat(43)}`)!
  expect(verify(none, text("x"), new Uint8Array(64))).toBe(false)
})

test("the first key of a namespace is remembered; another is refused until it is trusted", async () => {
  const folder = join(temporary(), "keys")
  const path = join(temporary(), "trusted.json")
  const [one, two] = [(await newKey("one", folder)).key, (await newKey("two", folder)).key]
  expect(judge(readTrust(path), "acme", [one])).toBe("first")
  await trustKey("acme", one, path)
  expect(judge(readTrust(path), "acme", [two, one])).toBe("trusted")
  expect(judge(readTrust(path), "other", [two])).toBe("first")
  expect(await codeOf(() => judge(readTrust(path), "acme", [two]))).toBe("OB726")
  await trustKey("acme", two, path)
  expect(judge(readTrust(path), "acme", [two])).toBe("trusted")
  await rememberSerial("acme/x:edge place", 3, path)
  await rememberSerial("acme/x:edge place", 2, path)
  expect(readTrust(path).serials.get("acme/x:edge place")).toBe(3)
  expect(await forgetKey("acme", one, path)).toBe(true)
  expect(await forgetKey("acme", one, path)).toBe(false)
  expect(await forgetKey("acme", two, path)).toBe(true)
  expect(readTrust(path)).toEqual({ keys: new Map(), serials: new Map() })
  for (const damaged of ["", "{}", '{"trusted":1,"namespaces":{"acme":["x"]},"serials":{}}', '{"trusted":2}']) {
    writeFileSync(path, damaged)
    expect(await codeOf(() => readTrust(path))).toBe("OB723")
  }
})
