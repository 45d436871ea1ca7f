import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, requireOrSkip } from "../../../../scripts/testing.ts"
import { digest } from "../base/digest.ts"
import { bytesOf, DTYPES, numbersOf, zeros } from "../base/dtype.ts"
import { Refusal } from "../base/problem.ts"
import { sizeOf } from "../base/shape.ts"
import { readSafetensors, reverseEach, type Tensor, writeSafetensors } from "./safetensors.ts"

const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)
const errors = join(import.meta.dirname, "../../../../docs/errors")

/** A file with this header, as it stands, and so many bytes of data. */
const fileOf = (header: string, data: number, pad = ""): Uint8Array => {
  const text = new TextEncoder().encode(header + pad)
  const bytes = new Uint8Array(8 + text.length + data)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 8)
  return bytes
}
const codeOf = (bytes: Uint8Array, only?: readonly string[]): string | undefined => {
  try {
    readSafetensors(bytes, "weights.safetensors", only)
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code).join()
    throw error
  }
}

test("a file to the byte", () => {
  const tensors: Record<string, Tensor> = {
    b: { dtype: "i8", shape: [3], data: numbersOf("i8", [1, -2, 3]) },
    a: { dtype: "f32", shape: [], data: numbersOf("f32", [1.5]) },
  }
  const header = `{"__metadata__":{"k":"v"},"a":{"data_offsets":[0,4],"dtype":"F32","shape":[]},"b":{"data_offsets":[4,7],"dtype":"I8","shape":[3]}}`
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
  const expected = [
    padded.length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...new TextEncoder().encode(padded),
    0,
    0,
    0xc0,
    0x3f,
    1,
    0xfe,
    3,
  ]
  expect([...writeSafetensors(tensors, { k: "v" })]).toEqual(expected)
})

const tensors = fc.dictionary(
  fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__" && !/\p{Cs}/u.test(name)),
  fc
    .tuple(fc.constantFrom(...DTYPES), fc.array(fc.nat(4), { maxLength: 4 }), fc.uint8Array({ minLength: 8 }))
    .map(([dtype, shape, noise]): Tensor => {
      const data = zeros(dtype, sizeOf(shape))
      bytesOf(data).forEach((_, i, all) => {
        all[i] = noise[i % noise.length]!
      })
      return { dtype, shape, data }
    }),
)
const bitsOf = (all: Readonly<Record<string, Tensor>>): unknown =>
  Object.fromEntries(
    Object.entries(all).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, bits: [...bytesOf(data)] }]),
  )

test(`what is written is read to the bit, whatever the order and the place in memory (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(tensors, fc.nat(7), (all, shift) => {
      const bytes = writeSafetensors(all, { by: "é" })
      expect(writeSafetensors(Object.fromEntries(Object.entries(all).reverse()), { by: "é" })).toEqual(bytes)
      const moved = new Uint8Array(bytes.length + 8).subarray(shift, shift + bytes.length)
      moved.set(bytes)
      const read = readSafetensors(moved, "a")
      expect(bitsOf(read)).toEqual(bitsOf(all))
      for (const { data } of Object.values(read)) expect(data.buffer).not.toBe(moved.buffer)
    }),
    { seed: SEED },
  )
})

test("a host with the other order of bytes turns each number around", () => {
  expect([...reverseEach(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5])
  expect([...reverseEach(Uint8Array.of(1, 2, 3), 1)]).toEqual([1, 2, 3])
})

const one = (start: number, end: number, dtype = "F32", shape = "[1]"): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${start},${end}]}`
test.each([
  ["OB130", "no length", new Uint8Array(7)],
  ["OB130", "a header that is cut", fileOf(`{"a":${one(0, 4)}}`, 4).subarray(0, 20)],
  ["OB130", "data that are cut", fileOf(`{"a":${one(0, 4)}}`, 3)],
  ["OB131", "a huge header", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255)],
  ["OB132", "no JSON", fileOf("{", 0)],
  ["OB132", "no UTF-8", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff)],
  ["OB132", "a list", fileOf("[]", 0)],
  ["OB132", "space first", fileOf(" {}", 0)],
  ["OB132", "text after it", fileOf("{}x", 0)],
  ["OB132", "a tensor without a shape", fileOf(`{"a":{"dtype":"F32","data_offsets":[0,0]}}`, 0)],
  ["OB132", "an unknown member", fileOf(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}`, 0)],
  ["OB132", "a negative length", fileOf(`{"a":${one(0, 4, "F32", "[-1]")}}`, 4)],
  ["OB132", "half an element", fileOf(`{"a":${one(0, 4, "F32", "[0.5]")}}`, 4)],
  ["OB132", "an end before its start", fileOf(`{"a":${one(4, 0)}}`, 4)],
  ["OB132", "metadata of numbers", fileOf(`{"__metadata__":{"a":1}}`, 0)],
  ["OB133", "a name twice", fileOf(`{"a":${one(0, 4)},"\\u0061" :${one(0, 4)}}`, 4)],
  ["OB133", "a member twice", fileOf(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4)],
  ["OB134", "a dtype that is only stored", fileOf(`{"a":${one(0, 8, "I64")}}`, 8)],
  ["OB134", "a dtype that nobody knows", fileOf(`{"a":${one(0, 4, "X9")}}`, 4)],
  ["OB134", "a dtype named like a method", fileOf(`{"a":${one(0, 4, "toString")}}`, 4)],
  ["OB135", "too few bytes", fileOf(`{"a":${one(0, 4, "F32", "[2]")}}`, 4)],
  ["OB135", "a shape past all numbers", fileOf(`{"a":${one(0, 4, "F32", "[9007199254740991,9007199254740991]")}}`, 4)],
  ["OB136", "an overlap", fileOf(`{"a":${one(0, 4)},"b":${one(0, 4)}}`, 4)],
  ["OB136", "a hole", fileOf(`{"a":${one(0, 4)},"b":${one(8, 12)}}`, 12)],
  ["OB136", "a hole at the start", fileOf(`{"a":${one(4, 8)}}`, 8)],
  ["OB136", "bytes at the end", fileOf(`{"a":${one(0, 4)}}`, 5)],
  ["OB136", "a number between two addresses", fileOf(`{"a":${one(0, 1, "U8")},"b":${one(1, 5)}}`, 5)],
])("%s: %s", (code, _, bytes) => {
  expect(codeOf(bytes)).toBe(code)
})

test("what is cut short says how much is there", () => {
  const bytes = fileOf(`{"a":${one(0, 4)}}`, 3)
  expect(() => readSafetensors(bytes, "w.safetensors")).toThrow(
    `w.safetensors: ${bytes.length} bytes of at least ${bytes.length + 1}`,
  )
})

test("a tensor is asked for by name, and others may be of any dtype", () => {
  const bytes = fileOf(`{"big":${one(0, 8, "I64")},"small":${one(8, 12)}}`, 12)
  expect(Object.keys(readSafetensors(bytes, "a", ["small"]))).toEqual(["small"])
  expect(codeOf(bytes, ["smal"])).toBe("OB137")
})

test("a header need not be padded, and a name may be any", () => {
  expect(Object.keys(readSafetensors(fileOf(`{"__proto__":${one(0, 4)}}`, 4, " "), "a"))).toEqual(["__proto__"])
})

test(`a stranger's bytes give tensors or a Refusal (SEED=${SEED})`, () => {
  const valid = writeSafetensors({ a: { dtype: "i16", shape: [2, 2], data: zeros("i16", 4) } }, { x: "y" })
  const mutated = fc
    .array(
      fc.tuple(
        fc.nat(valid.length - 1),
        fc.oneof(fc.nat(255), fc.constantFrom(...[...'{}[]":,0-e\\'].map((c) => c.charCodeAt(0)))),
      ),
      { maxLength: 6 },
    )
    .map((edits) => edits.reduce((bytes, [at, by]) => bytes.fill(by, at, at + 1), valid.slice()))
  const cut = fc.nat(valid.length).map((length) => valid.slice(0, length))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), mutated, cut), (bytes) => {
      codeOf(bytes)
    }),
    { seed: SEED, numRuns: 3000 },
  )
  for (const body of ['{"a":', "[", '"', "\\", " ", '"a":[],', '{"a":{},'])
    expect(codeOf(fileOf(`{${body.repeat(2 ** 20 / body.length - 1)}`, 0))).toMatch(/OB13[0-3]/)
})

// Digests of each tensor's bytes, computed with numpy from the same file.
test("a checkpoint that another program wrote", (context) => {
  requireOrSkip(context, missingData("ckpt-mnist/mnist.safetensors"), mirrorIsPromised())
  const bytes = readFileSync(join(mirror()!, "ckpt-mnist/mnist.safetensors"))
  expect(codeOf(bytes)).toBe("OB134") // its counters of batches are I64
  const all = readSafetensors(bytes, "mnist", ["conv1.weight", "fc1.weight", "fc2.bias"])
  expect(all["conv1.weight"]!.shape).toEqual([8, 1, 3, 3])
  expect(all["fc1.weight"]!.shape).toEqual([32, 11616])
  const digests = Object.fromEntries(
    Object.entries(all).map(([name, { data }]) => [name, digest(bytesOf(data)).slice(7, 23)]),
  )
  expect(digests).toEqual({
    "conv1.weight": "49eeba3178cee658",
    "fc1.weight": "5e64cde4927011d0",
    "fc2.bias": "f3a051a7034d0a6e",
  })
})

const pages = readdirSync(errors).filter((page) => /^OB13\d\.md$/.test(page))
test.each(pages)("docs/errors/%s: the broken example gives this code, the mended one is read", (page) => {
  const text = readFileSync(join(errors, page), "utf8")
  const [broken, mended] = [...text.matchAll(/```safetensors\n(.*)\n([\s\S]*?)\n(\d+) bytes\n```/g)].map(
    ([, first, header, data]) => {
      const bytes = fileOf(header!, Number(data))
      const claimed = /^header of (\d+) bytes/.exec(first!)
      if (claimed) new DataView(bytes.buffer).setUint32(0, Number(claimed[1]), true)
      return codeOf(bytes, /tensor (\w+)$/.exec(first!)?.slice(1))
    },
  )
  expect([broken, mended]).toEqual([page.slice(0, -3), undefined])
})
test("each code has a page", () => {
  const sources = ["safetensors.ts", "safetensors_header.ts"].map((file) =>
    readFileSync(join(import.meta.dirname, file), "utf8"),
  )
  const codes = new Set(
    sources
      .join()
      .match(/"OB\d+"/g)
      ?.map((code) => `${code.slice(1, -1)}.md`),
  )
  expect([...codes].sort()).toEqual(pages)
})
