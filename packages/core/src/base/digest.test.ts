import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { digest, parseDigest } from "./digest.ts"

const theirs = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`

test("the examples of FIPS 180-4", () => {
  expect(digest("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  expect(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
    "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  )
  expect(digest("")).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  expect(digest("a".repeat(1_000_000))).toBe("sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
})
test("every length across three blocks agrees with node:crypto", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 37 + length)
    expect([length, digest(bytes)]).toEqual([length, theirs(bytes)])
  }
})
test("bytes inside a larger array, and texts beyond ASCII", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i).subarray(7, 93)
  expect(digest(bytes)).toBe(theirs(bytes))
  expect(digest("größer 😀")).toBe(theirs(new TextEncoder().encode("größer 😀")))
})
test("only a digest reads as one", () => {
  const whole = digest("")
  expect(parseDigest(whole)).toBe(whole)
  for (const text of ["", whole.slice(1), whole.toUpperCase(), `${whole}0`, `${whole}\n`, whole.slice(0, -1)])
    expect([text, parseDigest(text)]).toEqual([text, undefined])
})
