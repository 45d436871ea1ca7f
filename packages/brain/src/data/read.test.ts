import { mkdirSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { expect, test } from "vitest"
import { brain, fileWith, temporary } from "../testing/command.ts"
import { readExamples } from "./read.ts"

/** What the person is told, with `FILE` and `FOLDER` for what differs from run to run. */
async function told(path: string, ...options: readonly string[]): Promise<string> {
  const into = join(temporary(), "desk")
  const { code, out, err } = await brain(["teach", path, "--into", into, "--base", "none", ...options])
  expect([code, out]).toEqual([1, ""])
  const json = await brain(["teach", path, "--into", into, "--base", "none", ...options, "--json"])
  expect([json.code, json.err]).toEqual([1, err])
  const { problems } = JSON.parse(json.out) as { readonly problems: readonly { readonly code: string }[] }
  expect(problems.map(({ code }) => code)).toEqual([...err.matchAll(/^error\[(\w+)\]/gm)].map(([, code]) => code))
  return err.replaceAll(path, "FILE").replaceAll(basename(path), "FILE").replaceAll(dirname(path), "FOLDER")
}

/** A file of 500 lines, whole but for one of them. */
const withLine = (line: number, source: string): string =>
  `text,label\n${Array.from({ length: 499 }, (_, i) => (i + 2 === line ? source : `message ${i},${i % 2 ? "a" : "b"}`)).join("\n")}\n`
const utf16 = (text: string): Uint8Array => Buffer.from(text, "utf16le")
const SAVE = "hint: Save the file as UTF-8: in a spreadsheet, choose “CSV UTF-8” when you export it."

const BROKEN: readonly (readonly [what: string, content: string | Uint8Array, name: string, message: string])[] = [
  [
    "an empty file",
    "",
    "a.csv",
    "error[OB502]: FILE is empty.\nhint: Give it a line `text,label` and one line an example.",
  ],
  [
    "a heading alone",
    "text,label\n",
    "a.csv",
    "error[OB502]: FILE has a heading and no examples.\nhint: Write one example a line below it.",
  ],
  [
    "one label",
    "text,label\na,x\nb,x\nc,\n",
    "a.csv",
    "error[OB402]: Every example has the same label, `x`.\nhint: Give examples of at least two labels, so that there is something to tell apart.",
  ],
  [
    "no label at all",
    "text,label\na,\nb,unsure\n",
    "a.csv",
    "error[OB402]: None of the examples has a label.\nhint: Give examples of at least two labels, so that there is something to tell apart.",
  ],
  [
    "columns by other names",
    "texte,Label\nhi,a\n",
    "a.csv",
    "error[OB505]: FILE has no column `text`: its first line is `texte,Label`.\nhint: Did you mean `texte`? Known: texte, Label. Name it on the first line, or say which column it is: --text NAME.\n\nerror[OB505]: FILE has no column `label`: its first line is `texte,Label`.\nhint: Did you mean `Label`? Known: texte, Label. Name it on the first line, or say which column it is: --label NAME.",
  ],
  [
    "a quotation mark that stays open",
    withLine(250, '"never closed,a'),
    "a.csv",
    'error[OB506]: FILE, line 250: a quotation mark is opened and never closed.\nhint: Close it, or write each " inside a quoted text twice: "he said ""no""".',
  ],
  [
    "a quotation mark within a text",
    withLine(377, 'he said "no",a'),
    "a.csv",
    'error[OB506]: FILE, line 377: a quotation mark in the wrong place.\nhint: Put the whole text in quotation marks and write each " inside it twice: "he said ""no""".',
  ],
  [
    "text behind a quotation mark",
    withLine(499, '"he said" no,a'),
    "a.csv",
    'error[OB506]: FILE, line 499: a quotation mark in the wrong place.\nhint: Put the whole text in quotation marks and write each " inside it twice: "he said ""no""".',
  ],
  [
    "a comma too many",
    withLine(123, "yes, please,a"),
    "a.csv",
    'error[OB507]: FILE, line 123 has another number of columns than the first line.\nhint: Put a text with a comma in quotation marks: "yes, please",label.',
  ],
  [
    "a comma too few, behind a text of three lines",
    withLine(100, '"one\ntwo\nthree",a\nalone'),
    "a.csv",
    'error[OB507]: FILE, line 103 has another number of columns than the first line.\nhint: Put a text with a comma in quotation marks: "yes, please",label.',
  ],
  [
    "UTF-16 that is damaged",
    utf16("\ufefftext,label\nhi,a\n\ud800"),
    "a.csv",
    `error[OB503]: FILE is in UTF-16, and damaged.\n${SAVE}`,
  ],
  [
    "UTF-16 without a mark",
    utf16("text,label\nhi,a\n"),
    "a.csv",
    `error[OB503]: FILE is in UTF-16, without the mark at its beginning that says so.\n${SAVE}`,
  ],
  [
    "Latin-1",
    Buffer.from(withLine(321, "caf\u00e9,a"), "latin1"),
    "a.csv",
    `error[OB503]: FILE, line 321 is not UTF-8.\n${SAVE}`,
  ],
  [
    "a NUL byte",
    withLine(44, "nothing\0here,a"),
    "a.csv",
    `error[OB503]: FILE, line 44 holds a NUL byte, which no text has.\n${SAVE}`,
  ],
  [
    "a broken line of JSON",
    '{"text":"a","label":"x"}\n\n{"text":"b","label":',
    "a.jsonl",
    'error[OB504]: FILE, line 3 is no JSON object: {"text":"b","label":\nhint: Write one object a line, such as {"text": "where is my parcel", "label": "parcel_status"}.',
  ],
  [
    "JSON that is a list of texts",
    '[{"text":"a","label":"x"}, "b"]',
    "a.json",
    'error[OB504]: FILE, item 2 is no JSON object: "b"\nhint: Write a list of objects, such as [{"text": "where is my parcel", "label": "parcel_status"}].',
  ],
  [
    "JSON that is a list whose item lacks a label",
    '[{"text":"a","label":"x"}, {"text":"b"}]',
    "a.json",
    "error[OB505]: FILE, item 2 has no `label`.\nhint: Give each example a `label`, as text. Known: text.",
  ],
  [
    "JSON that is cut off",
    '[{"text":"a","label":"x"},',
    "a.json",
    "error[OB504]: FILE is no JSON: Unexpected end of JSON input.\nhint: Write it anew, whole; or one object a line, in a file that ends in .jsonl.",
  ],
  [
    "fastText's lines without a label, with two, and without a text",
    "__label__x a\nb\n__label__x __label__y c\n__label__y\n__label__ d\n",
    "a.txt",
    [
      "begins with no label: b",
      "has 2 labels, and one is learnt: __label__x __label__y c",
      "has no text: __label__y",
      "has an empty label: __label__ d",
    ]
      .map(
        (seen, i) =>
          `error[OB518]: FILE, line ${i + 2} ${seen}\nhint: Write a line for each example, of one label and its text: __label__parcel where is it.`,
      )
      .join("\n\n"),
  ],
  [
    "JSON with members by other names",
    '{"text":"a","labels":"x"}\n',
    "a.jsonl",
    "error[OB505]: FILE, line 1 has no `label`.\nhint: Give each example a `label`, as text. Did you mean `labels`? Known: text, labels.",
  ],
  [
    "a label that is a number",
    '{"text":"a","label":1}\n',
    "a.jsonl",
    "error[OB505]: FILE, line 1 has no text as its `label`: 1\nhint: Give each example a `label`, as text.",
  ],
  [
    "an empty text",
    withLine(9, " ,a"),
    "a.csv",
    "error[OB505]: FILE, line 9 has an empty `text`.\nhint: Give each example a `text`, as text.",
  ],
  [
    "an unknown split",
    "text,label,split\na,x,train\nb,y,dev\n",
    "a.csv",
    "error[OB508]: FILE, line 3 has the split `dev`.\nhint: Known: train, validation, test.",
  ],
  [
    "a label with a line break",
    'text,label\na,"x\ny"\n',
    "a.csv",
    "error[OB509]: FILE, line 2 has a label that holds a line break or another control character: x y\nhint: A label is one line of at most 256 characters. Is `label` the right column?",
  ],
  [
    "a label as long as a letter",
    `text,label\na,${"x".repeat(257)}\n`,
    "a.csv",
    `error[OB509]: FILE, line 2 has a label that is 257 characters long: ${"x".repeat(59)}…\nhint: A label is one line of at most 256 characters. Is \`label\` the right column?`,
  ],
  [
    "test examples alone",
    "text,label,split\na,x,test\nb,y,validation\nc,z,validation\n",
    "a.csv",
    "error[OB403]: Of 3 examples none is left to learn from: all are for validation or test.\nhint: Give some that do not stand in the test file, or with the split `train`.",
  ],
]
test.each(BROKEN)("%s", async (_, content, name, message) => {
  expect(await told(fileWith(content, name))).toBe(message)
})

test("many broken lines: the first five, and how many more", async () => {
  const rows = Array.from({ length: 9 }, (_, i) => `message ${i},a,dev`).join("\n")
  const message = await told(fileWith(`text,label,split\n${rows}\n`))
  expect(message.match(/^error\[OB508\]: FILE, line [2-6] has the split/gm)).toHaveLength(5)
  expect(message).toContain("error[OB508]: FILE has 4 more lines like these.")
})

test("a file that is not there: the nearest beside it, or the folder that is missing", async () => {
  const path = fileWith("text,label\n", "messages.csv")
  expect(await told(join(dirname(path), "mesages.csv"))).toBe(
    "error[OB501]: There is no file FILE.\nhint: Did you mean `messages.csv`? Known: messages.csv.",
  )
  expect(await told(join(dirname(path), "none/messages.csv"))).toBe(
    "error[OB501]: There is no file FILE.\nhint: There is no folder FOLDER either: check the path.",
  )
})

test("a folder that is no module", async () => {
  const folder = temporary()
  expect(await told(folder)).toBe(
    "error[OB501]: FILE is a folder, and no module.\nhint: Name a file of examples in it. There is none yet.",
  )
  writeFileSync(join(folder, "mails.csv"), "")
  expect(await told(folder)).toContain("Name a file of examples in it. Did you mean `mails.csv`?")
})

test("no place to write to is said before training", async () => {
  const file = fileWith("text,label\na,x\nb,y\n")
  const folder = temporary()
  const into = join(folder, "shelf", "desk")
  const teach = (): ReturnType<typeof brain> => brain(["teach", file, "--into", into, "--base", "none"])
  const missing = await teach()
  expect([missing.code, missing.err, missing.progress]).toEqual([
    1,
    `error[OB157]: ${into} cannot be written: there is no folder ${dirname(into)}.\nhint: Make it first: mkdir -p ${dirname(into)}`,
    [],
  ])
  mkdirSync(into, { recursive: true })
  writeFileSync(join(into, "letter.txt"), "Dear")
  const taken = await teach()
  expect([taken.code, taken.progress]).toEqual([1, []])
  expect(taken.err).toContain(
    `error[OB155]: ${into} is there and is no module: it holds letter.txt. It is left as it is.`,
  )
})

test("a name, a line about it or a licence that a manifest cannot hold is said before training", async () => {
  const file = fileWith("text,label\na,x\nb,y\n")
  for (const [option, value, code] of [
    ["--name", "My Desk", "OB109"],
    ["--about", "two\nlines", "OB110"],
    ["--licence", "do what you like", "OB117"],
  ] as const) {
    const into = join(temporary(), "desk")
    const { code: exit, err, progress } = await brain(["teach", file, "--into", into, "--base", "none", option, value])
    expect([exit, err.slice(0, 12), progress]).toEqual([1, `error[${code}]`, []])
  }
  const { err } = await brain(["teach", file, "--into", join(temporary(), "我")])
  expect(err).toContain("hint: Say its name: --name NAME, of letters, digits and -.")
})

test("line breaks of every system, a mark of UTF-8, and texts of several lines", async () => {
  const rows = await readExamples(fileWith('\ufefftext,label\r\n"a\r\nb",x\r\n\r\nc, y \r\n'))
  expect(rows).toEqual([
    { text: "a\r\nb", label: "x", line: 2, split: undefined },
    { text: "c", label: "y", line: 5, split: undefined },
  ])
  const late = await readExamples(fileWith("\n\ntext\tlabel\n\na, b\tx"))
  expect(late).toEqual([{ text: "a, b", label: "x", line: 5, split: undefined }])
})

test("UTF-16 with a mark is read, either way round", async () => {
  const text = "\ufefftext\tlabel\ncaf\u00e9 \u{1f600}\tx\n"
  const little = utf16(text)
  const big = Uint8Array.from(little, (_, i) => little[i ^ 1]!)
  for (const bytes of [little, big])
    expect((await readExamples(fileWith(bytes, "a.tsv"))).map(({ text, label }) => [text, label])).toEqual([
      ["caf\u00e9 \u{1f600}", "x"],
    ])
})

test("a line of a megabyte is read, and a message about it is short", async () => {
  const [row] = await readExamples(fileWith(`text,label\n${"long ".repeat(200_000)},a\n`))
  expect(row!.text.length).toBe(1_000_000)
  const message = await told(fileWith(`{"text":"${"long ".repeat(200_000)}`, "a.jsonl"))
  expect(message.length).toBeLessThan(300)
})

test("what a file says cannot steer the terminal", async () => {
  const message = await told(fileWith('{"text": \u001b[2J\u202e', "a.jsonl"))
  expect(message).not.toContain("\u001b")
  expect(message).not.toContain("\u202e")
})

test("fastText's format and a JSON list are read as they stand", async () => {
  const rows = [
    { text: "where  is it", label: "parcel", line: 1, split: undefined },
    { text: "who are you", label: undefined, line: 3, split: undefined },
  ]
  const lines = "__label__parcel where  is it\n\n__label__unsure\twho are you\n"
  expect(await readExamples(fileWith(lines, "a.txt"))).toEqual(rows)
  expect(await readExamples(fileWith(lines.replaceAll("\n", "\r\n"), "a.ft"))).toEqual(rows)
  const list = [
    { text: "where  is it", label: "parcel" },
    { text: "who are you", label: null, split: "test" },
  ]
  const read = await readExamples(fileWith(JSON.stringify(list, null, 2), "a.json"))
  expect(read).toEqual([rows[0], { ...rows[1], line: 2, split: "test" }])
  // What begins otherwise is what it was before: CSV, and lines of JSON.
  expect(await readExamples(fileWith("text,label\na,x\n", "a.txt"))).toHaveLength(1)
  expect(await readExamples(fileWith('{"text":"a","label":"x"}\n', "a.json"))).toHaveLength(1)
})
