import { createHash } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { type Digest, digest, parseDigest } from "../base/digest.ts"
import {
  type ClaimedTree,
  firstDifference,
  growTree,
  type Hash,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
  splitOf,
} from "./merkle.ts"
import { bytesOf } from "./testing/examples.ts"

const hosts: Hash = (bytes) => parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`)!
const texts = (count: number): readonly Uint8Array[] => Array.from({ length: count }, (_, i) => bytesOf(`text ${i}`))
const sized = (count: number) => growTree(texts(count), hosts)

/** The definition, word for word: RFC 9162, 2.1.1. */
function defined(leaves: readonly Uint8Array[]): Digest {
  if (leaves.length === 0) return hosts(new Uint8Array())
  if (leaves.length === 1) return leafHash(leaves[0]!, hosts)
  const k = splitOf(leaves.length)
  return nodeHash(defined(leaves.slice(0, k)), defined(leaves.slice(k)), hosts)
}
test("the root is that of the definition, by either hash", () => {
  for (let count = 0; count <= 40; count++) {
    expect(sized(count).root).toBe(defined(texts(count)))
    if (count < 10) expect(growTree(texts(count)).root).toBe(defined(texts(count)))
  }
})
test("known answers: the test vectors of Certificate Transparency", () => {
  const hex = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
  const leaves = hex.map((each) => Uint8Array.from(each.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))
  const roots = leaves.map((_, i) => growTree(leaves.slice(0, i + 1)).root.slice(7))
  expect(roots[0]).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
  expect(roots[1]).toBe("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")
  expect(roots[7]).toBe("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
})
test("every leaf is included at its place, and at no other, in no other tree", () => {
  for (let size = 1; size <= 33; size++) {
    const tree = sized(size)
    for (let index = 0; index < size; index++) {
      const proof = tree.inclusionProof(index)
      const leaf = tree.hashOf(index, index + 1)
      const claim = { index, size, root: tree.root, proof }
      expect(isIncluded(leaf, claim, hosts)).toBe(true)
      expect(isIncluded(leaf, { ...claim, index: (index + 1) % size }, hosts)).toBe(size === 1)
      expect(isIncluded(leaf, { ...claim, root: sized(size + 1).root }, hosts)).toBe(false)
      expect(isIncluded(leaf, { ...claim, size: 2 * size + 2 }, hosts)).toBe(false)
      expect(isIncluded(digest("other"), claim, hosts)).toBe(false)
      expect(isIncluded(leaf, { ...claim, proof: [...proof, leaf] }, hosts)).toBe(false)
      if (proof.length > 0) expect(isIncluded(leaf, { ...claim, proof: proof.slice(1) }, hosts)).toBe(false)
      proof.forEach((_, i) => {
        expect(isIncluded(leaf, { ...claim, proof: proof.with(i, digest("x")) }, hosts)).toBe(false)
      })
    }
  }
})
test("a tree that only grew is consistent with what it was; one that was altered is not", () => {
  for (let after = 1; after <= 33; after++) {
    const later = sized(after)
    for (let before = 1; before <= after; before++) {
      const earlier = sized(before)
      const proof = later.consistencyProof(before)
      expect(isConsistent(earlier, later, proof, hosts), `${before} of ${after}`).toBe(true)
      const altered = growTree(texts(after).with(before - 1, bytesOf("altered")), hosts)
      expect(isConsistent(earlier, altered, altered.consistencyProof(before), hosts)).toBe(false)
      expect(isConsistent(earlier, later, [...proof, later.root], hosts)).toBe(false)
      proof.forEach((_, i) => {
        expect(isConsistent(earlier, later, proof.with(i, digest("x")), hosts)).toBe(false)
        expect(isConsistent(earlier, later, proof.toSpliced(i, 1), hosts)).toBe(false)
      })
      if (before < after) expect(isConsistent({ ...earlier, size: before + 1 }, later, proof, hosts)).toBe(false)
    }
  }
})
test("sizes and places that are none prove nothing, and bigger ones than 2³¹ are no trouble", () => {
  const { root } = sized(2)
  for (const size of [0, -1, 0.5, Number.NaN, Infinity, 2 ** 60]) {
    expect(isIncluded(root, { index: size, size, root, proof: [] })).toBe(false)
    expect(isConsistent({ size, root }, { size: 2, root }, [root])).toBe(false)
  }
  expect(isIncluded(root, { index: 2 ** 40, size: 2 ** 50, root, proof: [root] })).toBe(false)
  expect(splitOf(2 ** 40 + 1)).toBe(2 ** 40)
})
test("a leaf never passes for a node", () => {
  const [a, b] = [leafHash(bytesOf("a")), leafHash(bytesOf("b"))]
  const forged = new Uint8Array(64)
  for (const [i, each] of [a, b].entries())
    for (let k = 0; k < 32; k++) forged[32 * i + k] = Number.parseInt(each.slice(7 + 2 * k, 9 + 2 * k), 16)
  expect(growTree([forged]).root).not.toBe(growTree([bytesOf("a"), bytesOf("b")]).root)
})
test("what is no node of the tree is not asked for: that is our bug", () => {
  const tree = sized(6)
  for (const [from, to] of [
    [0, 3],
    [1, 3],
    [0, 7],
    [-2, 0],
    [3, 3],
    [5, 4],
  ] as const)
    expect(() => tree.hashOf(from, to), `${from} ${to}`).toThrow("bug: no node is over the leaves")
  expect(tree.hashOf(4, 6)).toBe(defined(texts(6).slice(4)))
  expect(() => tree.inclusionProof(6)).toThrow("bug")
  expect(() => tree.consistencyProof(0)).toThrow("bug")
})

test("the first difference is found wherever it is, by a few questions", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 200 }).chain((size) => fc.tuple(fc.constant(size), fc.subarray([...Array(size).keys()]))),
    async ([size, places]) => {
      const ours = texts(size)
      const theirs = ours.map((text, i) => (places.includes(i) ? bytesOf("another") : text))
      let asked = 0
      const asking = (leaves: readonly Uint8Array[]): ClaimedTree => {
        const tree = growTree(leaves, hosts)
        return {
          root: tree.root,
          hashOf: async (from, to) => {
            asked++
            return tree.hashOf(from, to)
          },
        }
      }
      const found = await firstDifference(size, [asking(ours), asking(theirs)], hosts)
      if (places.length === 0) expect(found).toEqual({ kind: "none" })
      else
        expect(found).toEqual({
          ...{ kind: "leaf", index: places[0] },
          hashes: [leafHash(ours[places[0]!]!), leafHash(bytesOf("another"))],
        })
      expect(asked).toBeLessThanOrEqual(4 * Math.ceil(Math.log2(size)))
    },
  )
  await fc.assert(property, { numRuns: 60 })
})
test("whoever makes hashes up on the way is found out, and so is who does not answer", async () => {
  const [honest, other] = [sized(50), growTree(texts(50).with(33, bytesOf("x")), hosts)]
  for (const [answer, side] of [
    [(from: number, to: number) => (to - from <= 4 ? digest("made up") : other.hashOf(from, to)), 1],
    [(from: number, to: number) => (from === 32 ? undefined : other.hashOf(from, to)), 1],
    // It shows the other one's hashes, so that the search would go where both agree.
    [(from: number, to: number) => honest.hashOf(from, to), 1],
  ] as const) {
    const liar: ClaimedTree = { root: other.root, hashOf: answer }
    expect(await firstDifference(50, [honest, liar], hosts)).toMatchObject({ kind: "unfounded", side })
    expect(await firstDifference(50, [liar, honest], hosts)).toMatchObject({ kind: "unfounded", side: 0 })
  }
})
