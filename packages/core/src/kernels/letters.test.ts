import { expect, test } from "vitest"
import { CLASS, RANGES } from "./letters.ts"

const folded = (point: number): number => {
  const range = RANGES.find(({ first, last }) => first <= point && point <= last)
  return range && !(range.alternate && (point - range.first) % 2 === 1) ? point + range.fold : point
}

test("ranges rise and none overlaps; pairs end with the small letter; only letters fold", () => {
  for (const [i, { first, last, alternate, fold, class: kind }] of RANGES.entries()) {
    expect(first >= 128 && first <= last && last <= 0x10ffff).toBe(true)
    if (i > 0) expect(RANGES[i - 1]!.last).toBeLessThan(first)
    if (alternate && fold === 1) expect([first, (last - first) % 2]).toEqual([first, 1])
    if (fold !== 0) expect(kind).toBe(CLASS.letter)
  }
})
test("folding is done once: what a letter folds to stays", () => {
  for (const { first, last } of RANGES)
    for (let point = first; point <= last; point++)
      if (folded(folded(point)) !== folded(point)) expect(String.fromCodePoint(point)).toMatch(/\p{Cn}/u)
})

/** Capitals that stay as they are: of dead or African orthographies, digraphs, symbols; İ has no simple folding. */
const KEPT = /[ƁƂƄƆƇƉƊƋƎƐƑƓƔƖƗƘƜƝƟƦƧƩƬƮƱƲƳƵƷƸƼǄ-ǌǱ-ǵǶǷȠȺȻȽȾɁɃ-ɆɈɊɌɎİͰͲͶͿϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿ]/u
test("letters of Latin, Greek, Cyrillic and Armenian fold as the host lower-cases, but for a named few", () => {
  const blocks = [
    [0x80, 0x24f],
    [0x370, 0x3ff],
    [0x400, 0x52f],
    [0x530, 0x588],
    [0x1e00, 0x1eff],
  ] as const
  for (const [first, last] of blocks)
    for (let point = first; point <= last; point++) {
      const letter = String.fromCodePoint(point)
      if (!/\p{L}/u.test(letter) || KEPT.test(letter)) continue
      const host = letter === "ς" ? "σ" : letter.toLowerCase() // at the end of a word or not
      expect([letter, String.fromCodePoint(folded(point))]).toEqual([letter, host])
    }
})
test("full width letters and digits fold to those of ASCII, small ones too", () => {
  const wide = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0) + 0xfee0)
  const ascii = "09azAZ"
  expect(String.fromCharCode(...wide(ascii).map(folded))).toBe("09azaz")
})
