/** What a code point is to the n-gram kernel. */
export const CLASS = { letter: 0, separator: 1, alone: 2, ignored: 3 } as const
export type Class = (typeof CLASS)[keyof typeof CLASS]

interface Range {
  readonly first: number
  readonly last: number
  readonly class: Class
  /** Added to fold a capital; only to every second code point, from the first on, when `alternate`. */
  readonly fold: number
  readonly alternate: boolean
}
const range = (first: number, last: number, kind: Class, fold = 0, alternate = false): Range => ({
  first,
  last,
  class: kind,
  fold,
  alternate,
})
const separators = (first: number, last = first): Range => range(first, last, CLASS.separator)
const ignored = (first: number, last = first): Range => range(first, last, CLASS.ignored)
/** An ideograph or emoji: a word of its own, since nothing is written between it and the next. */
const alone = (first: number, last: number): Range => range(first, last, CLASS.alone)
const capitals = (first: number, last: number, fold: number): Range => range(first, last, CLASS.letter, fold)
const pairs = (first: number, last: number): Range => range(first, last, CLASS.letter, 1, true)

/**
 * Code points from 128 on that are not plain lower-case letters. In rising order, none twice; what is absent is a letter.
 * Our own table, because the classes and foldings of a host change with its Unicode version, and bits must not.
 * Source: Unicode 16, UnicodeData.txt and CaseFolding.txt (simple foldings), cut down to living scripts with case.
 */
export const RANGES: readonly Range[] = [
  separators(0x80, 0xa9),
  separators(0xab, 0xac),
  ignored(0xad),
  separators(0xae, 0xb4),
  separators(0xb6, 0xb9),
  separators(0xbb, 0xbf),
  capitals(0xc0, 0xd6, 32),
  separators(0xd7),
  capitals(0xd8, 0xde, 32),
  separators(0xf7),
  pairs(0x100, 0x12f),
  pairs(0x132, 0x137),
  pairs(0x139, 0x148),
  pairs(0x14a, 0x177),
  capitals(0x178, 0x178, -121),
  pairs(0x179, 0x17e),
  capitals(0x18f, 0x18f, 202),
  pairs(0x1a0, 0x1a5),
  capitals(0x1af, 0x1af, 1),
  pairs(0x1cd, 0x1dc),
  pairs(0x1de, 0x1ef),
  pairs(0x1f8, 0x21f),
  pairs(0x222, 0x233),
  ignored(0x300, 0x36f),
  separators(0x37e),
  capitals(0x386, 0x386, 38),
  separators(0x387),
  capitals(0x388, 0x38a, 37),
  capitals(0x38c, 0x38c, 64),
  capitals(0x38e, 0x38f, 63),
  capitals(0x391, 0x3ab, 32),
  capitals(0x3c2, 0x3c2, 1),
  capitals(0x400, 0x40f, 80),
  capitals(0x410, 0x42f, 32),
  pairs(0x460, 0x481),
  pairs(0x48a, 0x4bf),
  capitals(0x4c0, 0x4c0, 15),
  pairs(0x4c1, 0x4ce),
  pairs(0x4d0, 0x52f),
  capitals(0x531, 0x556, 48),
  separators(0x589),
  separators(0x5be),
  separators(0x5c3),
  separators(0x60c),
  separators(0x61b),
  separators(0x61f),
  separators(0x66a, 0x66d),
  separators(0x6d4),
  separators(0x964, 0x965),
  pairs(0x1e00, 0x1e95),
  capitals(0x1e9e, 0x1e9e, 0xdf - 0x1e9e),
  pairs(0x1ea0, 0x1eff),
  separators(0x2000, 0x200a),
  ignored(0x200b, 0x200f),
  separators(0x2010, 0x2018),
  capitals(0x2019, 0x2019, 0x27 - 0x2019),
  separators(0x201a, 0x2029),
  ignored(0x202a, 0x202e),
  separators(0x202f, 0x205f),
  ignored(0x2060, 0x206f),
  separators(0x2070, 0x20cf),
  alone(0x2190, 0x2bff),
  separators(0x2e00, 0x2e7f),
  separators(0x3000, 0x3004),
  separators(0x3007, 0x3030),
  alone(0x3400, 0x4dbf),
  alone(0x4e00, 0x9fff),
  alone(0xf900, 0xfaff),
  ignored(0xfe00, 0xfe0f),
  separators(0xfe10, 0xfe6b),
  ignored(0xfeff),
  separators(0xff00, 0xff0f),
  capitals(0xff10, 0xff19, 0x30 - 0xff10),
  separators(0xff1a, 0xff20),
  capitals(0xff21, 0xff3a, 0x61 - 0xff21),
  separators(0xff3b, 0xff40),
  capitals(0xff41, 0xff5a, 0x61 - 0xff41),
  separators(0xff5b, 0xff65),
  alone(0x1f000, 0x1faff),
  alone(0x20000, 0x3ffff),
]
