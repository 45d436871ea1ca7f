import { type Digest, digest as digestOf, parseDigest } from "../base/digest.ts"
import { assert } from "../base/problem.ts"

/**
 * Trees of hashes over a list of texts: one digest that stands for all of them, short proofs that one is in the list, or that a
 * list only grew, and the first place where two lists differ, found by asking for a few hashes.
 *
 *     hash of no leaves        SHA-256("")
 *     leaf                     SHA-256(0x00 ‖ text)
 *     node                     SHA-256(0x01 ‖ left ‖ right), the left one over the largest power of two below the size
 *
 * The first byte keeps a leaf from passing for a node. Source: RFC 9162, section 2.1.
 */
export interface MerkleTree {
  readonly size: number
  readonly root: Digest
  /** The hash over the leaves from `from` to before `to`: of one leaf, or a node of the tree. */
  hashOf(from: number, to: number): Digest
  /** That leaf `index` is in the tree: RFC 9162, 2.1.3.1. */
  inclusionProof(index: number): readonly Digest[]
  /** That the tree of the first `size` leaves, at least one, is the beginning of this one: RFC 9162, 2.1.4.1. */
  consistencyProof(size: number): readonly Digest[]
}
/** SHA-256 of bytes. Core's own is everywhere; a host's is faster. */
export type Hash = (bytes: Uint8Array) => Digest

export function leafHash(text: Uint8Array, hash: Hash = digestOf): Digest {
  const bytes = new Uint8Array(1 + text.length)
  bytes.set(text, 1)
  return hash(bytes)
}
export function nodeHash(left: Digest, right: Digest, hash: Hash = digestOf): Digest {
  const bytes = new Uint8Array(65)
  bytes[0] = 1
  writeHex(left, bytes, 1)
  writeHex(right, bytes, 33)
  return hash(bytes)
}
function writeHex(digest: Digest, bytes: Uint8Array, at: number): void {
  const start = "sha256:".length
  for (let i = 0; i < 32; i++) bytes[at + i] = Number.parseInt(digest.slice(start + 2 * i, start + 2 * i + 2), 16)
}
/** The root of no leaves: SHA-256 of no bytes. */
export const NOTHING = parseDigest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")!

export const growTree = (texts: readonly Uint8Array[], hash: Hash = digestOf): MerkleTree =>
  treeOfHashes(
    texts.map((text) => leafHash(text, hash)),
    hash,
  )
/** The same of leaves whose hashes are known already. */
export function treeOfHashes(leaves: readonly Digest[], hash: Hash = digestOf): MerkleTree {
  // Level k holds the nodes over 2ᵏ leaves; the last one of a level, over fewer, goes up as it is until it has a partner.
  const levels: (readonly Digest[])[] = [leaves]
  for (let level = leaves; level.length > 1; ) {
    const above: Digest[] = []
    for (let i = 0; i < level.length; i += 2)
      above.push(i + 1 < level.length ? nodeHash(level[i]!, level[i + 1]!, hash) : level[i]!)
    levels.push(above)
    level = above
  }
  const size = leaves.length
  const hashOf = (from: number, to: number): Digest => {
    if (size === 0 && from === 0 && to === 0) return NOTHING
    let [level, span] = [0, 1]
    for (; span < to - from; span *= 2) level++
    const isNode = from >= 0 && from < to && from % span === 0 && (to === from + span || to === size) && to <= size
    assert(isNode, `no node is over the leaves from ${from} to ${to} of ${size}`)
    return levels[level]![from / span]!
  }
  const inclusion = (index: number, from: number, to: number): readonly Digest[] => {
    if (to - from === 1) return []
    const middle = from + splitOf(to - from)
    return index < middle
      ? [...inclusion(index, from, middle), hashOf(middle, to)]
      : [...inclusion(index, middle, to), hashOf(from, middle)]
  }
  /** `isKnown`: whoever verifies has the hash of these leaves, as they are all of the former tree. */
  const consistency = (before: number, from: number, to: number, isKnown: boolean): readonly Digest[] => {
    if (before === to) return isKnown ? [] : [hashOf(from, to)]
    const middle = from + splitOf(to - from)
    return before <= middle
      ? [...consistency(before, from, middle, isKnown), hashOf(middle, to)]
      : [...consistency(before, middle, to, false), hashOf(from, middle)]
  }
  return {
    size,
    root: hashOf(0, size),
    hashOf,
    inclusionProof(index) {
      assert(Number.isInteger(index) && index >= 0 && index < size, `no leaf ${index} among ${size}`)
      return inclusion(index, 0, size)
    },
    consistencyProof(before) {
      assert(Number.isInteger(before) && before > 0 && before <= size, `no ${before} leaves among ${size}`)
      return consistency(before, 0, size, true)
    },
  }
}

/** The largest power of two below a size of at least 2. Without shifts: sizes may pass 2³¹. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}
const isOdd = (n: number): boolean => n % 2 === 1
const half = (n: number): number => Math.floor(n / 2)
const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

/** Whether a leaf of this hash is number `index` in a tree of so many leaves with this root. False, whatever is wrong. Source: RFC 9162, 2.1.3.2. */
export function isIncluded(
  leaf: Digest,
  { index, size, root, proof }: Readonly<{ index: number; size: number; root: Digest; proof: readonly Digest[] }>,
  hash: Hash = digestOf,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false
  let [place, last, found] = [index, size - 1, leaf]
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(place) || place === last) {
      found = nodeHash(sibling, found, hash)
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)]
    } else found = nodeHash(found, sibling, hash)
    ;[place, last] = [half(place), half(last)]
  }
  return last === 0 && found === root
}

interface TreeHead {
  readonly size: number
  readonly root: Digest
}
/** Whether the tree `later` begins with all leaves of `earlier`, which has some. False, whatever is wrong. Source: RFC 9162, 2.1.4.2. */
export function isConsistent(
  earlier: TreeHead,
  later: TreeHead,
  proof: readonly Digest[],
  hash: Hash = digestOf,
): boolean {
  if (!isSize(earlier.size) || !isSize(later.size) || earlier.size === 0 || earlier.size > later.size) return false
  if (earlier.size === later.size) return proof.length === 0 && earlier.root === later.root
  let [place, last] = [earlier.size - 1, later.size - 1]
  while (isOdd(place)) [place, last] = [half(place), half(last)]
  // Of a whole tree of 2ᵏ leaves whoever verifies has the first hash already.
  const [first, ...rest] = place === 0 ? [earlier.root, ...proof] : proof
  if (first === undefined) return false
  let [before, after] = [first, first]
  for (const sibling of rest) {
    if (last === 0) return false
    if (isOdd(place) || place === last) {
      before = nodeHash(sibling, before, hash)
      after = nodeHash(sibling, after, hash)
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)]
    } else after = nodeHash(after, sibling, hash)
    ;[place, last] = [half(place), half(last)]
  }
  return last === 0 && before === earlier.root && after === later.root
}

/** Somebody's tree, of which the root was signed; its hashes are asked for one by one. */
export interface ClaimedTree {
  readonly root: Digest
  /** As `MerkleTree` has it; nothing where no answer came. */
  hashOf(from: number, to: number): Promise<Digest | undefined> | Digest | undefined
}
export type Difference =
  | { readonly kind: "none" }
  | { readonly kind: "leaf"; readonly index: number; readonly hashes: readonly [Digest, Digest] }
  /** Its hashes are not what its root was made of, or were not told: whoever signed it has no such tree. */
  | { readonly kind: "unfounded"; readonly side: 0 | 1; readonly from: number; readonly to: number }

/**
 * The first leaf in which two trees of the same size differ, by bisection: of each tree the two hashes below a node on the way
 * down, 2 log₂ size of them. Each pair is held against the hash above it, up to the root that was signed, so that
 * nobody can lead the search astray.
 */
export async function firstDifference(
  size: number,
  trees: readonly [ClaimedTree, ClaimedTree],
  hash: Hash = digestOf,
): Promise<Difference> {
  let [from, to] = [0, size]
  let above: readonly [Digest, Digest] = [trees[0].root, trees[1].root]
  if (above[0] === above[1]) return { kind: "none" }
  assert(Number.isSafeInteger(size) && size > 0, "trees of no leaves are equal")
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    const children: (readonly [Digest, Digest])[] = []
    for (const side of [0, 1] as const) {
      const left = await trees[side].hashOf(from, middle)
      const right = await trees[side].hashOf(middle, to)
      if (left === undefined || right === undefined || nodeHash(left, right, hash) !== above[side])
        return { kind: "unfounded", side, from, to }
      children.push([left, right])
    }
    const [one, other] = children as [readonly [Digest, Digest], readonly [Digest, Digest]]
    const isLeft = one[0] !== other[0]
    above = isLeft ? [one[0], other[0]] : [one[1], other[1]]
    ;[from, to] = isLeft ? [from, middle] : [middle, to]
  }
  return { kind: "leaf", index: from, hashes: above }
}
