import { unzipSync } from "fflate"
import { expect, test } from "vitest"
import { BOARDS, boardNamed, withArticle } from "./boards.ts"
import { commented, quoted } from "./c_text.ts"
import { zipped } from "./library.ts"
import { licenceText } from "./licence.ts"
import { exportName } from "./names.ts"

test("boards are found by name, however it is written, and a typo gets the nearest", () => {
  expect(boardNamed("UNO").chip).toBe("ATmega328P")
  expect(() => boardNamed("unno")).toThrow(
    "error[OB852]: There is no board `unno` in the table.\nhint: Did you mean `uno`?",
  )
  expect(BOARDS.map(withArticle)).toEqual([
    ...["an Arduino Uno", "an Arduino Mega 2560", "a BBC micro:bit v1", "an Arduino Nano 33 BLE"],
    ...["a Raspberry Pi Pico", "an ESP32-S3"],
  ])
})

test("a module's name becomes one of C, and what a library may not be called is refused", () => {
  expect(exportName("my-desk")).toBe("my_desk")
  expect(exportName("a".repeat(64))).toHaveLength(32)
  for (const name of ["string", "Arduino", "int", "2x", "a b", "main", "con", "é", "x".repeat(33)])
    expect(() => exportName("desk", name)).toThrow("error[OB856]")
})

test("a stranger's text is a string or a comment of C, and nothing more", () => {
  expect(quoted('a"b\\c??/é\n1')).toBe('"a\\"b\\\\c\\?\\?/\\303\\251\\0121"')
  expect(commented("a */ int x; /* b\n#include <x> \\")).toBe("a * / int x; / * b #include <x> /")
})

test("a zip is the same bytes whatever order its files come in, and wherever it is made", () => {
  const [one, other] = [zipped({ "a/x": "1", "a/b": "2" }), zipped({ "a/b": "2", "a/x": "1" })]
  expect(one).toEqual(other)
  expect(Object.keys(unzipSync(one))).toEqual(["a/b", "a/x"])
  const { TZ } = process.env
  try {
    process.env.TZ = "Pacific/Auckland"
    expect(zipped({ "a/x": "1", "a/b": "2" })).toEqual(one)
  } finally {
    if (TZ === undefined) delete process.env.TZ
    else process.env.TZ = TZ
  }
})

test("a library names its licences and where they stand, and a name that is none leads nowhere", () => {
  const text = licenceText("(MIT OR CC0-1.0) AND LicenseRef-unstated AND ../../package", "desk")
  expect(text).toContain("MIT: https://spdx.org/licenses/MIT.html")
  expect(text).toContain("CC0-1.0: https://spdx.org/licenses/CC0-1.0.html")
  expect(text).toContain("What LicenseRef-unstated stands for, whoever made the module can tell.")
  expect(text).not.toContain("licenses/..")
})
