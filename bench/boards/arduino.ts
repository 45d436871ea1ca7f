/** Part `arduino`: the exported libraries as the Arduino IDE compiles them, and what a person has to write. */
import type { Part } from "../shared/part.ts"
import { boardNamed, libraryFiles } from "./brain.testing.ts"
import { exhibitsIn, type Hall, isShown } from "./exhibits.ts"
import { buildSketch, missingArduino, type Sketch } from "./sketch.ts"

const BOARDS = ["uno", "mega"] as const
const LINES_MAX = 6

interface Row {
  readonly name: string
  readonly board: string
  readonly what: string
  readonly sketch: Sketch
}

export async function measureArduino(hall: Hall): Promise<Part> {
  const shown = (await exhibitsIn(hall)).filter(isShown)
  const text = shown.find(({ module }) => module.kind === "classifier")
  const six =
    text === undefined
      ? undefined
      : readmeSketch(libraryFiles(text.module, text.sources, [])[`${text.name}/README.md`]!)
  const rows: Row[] = []
  const unfit: string[] = []
  const missing = missingArduino()
  if (missing === undefined)
    for (const board of BOARDS) {
      const { ramBytes } = boardNamed(board)
      unfit.push(
        ...shown.filter((each) => each.ramBytes > ramBytes).map(({ name }) => `${name} does not fit: ${board}.`),
      )
      for (const exhibit of shown
        .filter((each) => each.ramBytes <= ramBytes)
        .filter((each) => !hall.isQuick || board === "uno" || each === text))
        rows.push({
          ...{ name: exhibit.name, board, what: "the example" },
          sketch: await buildSketch(exhibit, board, hall.folder),
        })
      if (text && six && (!hall.isQuick || board === "uno"))
        rows.push({
          ...{ name: text.name, board, what: "the sketch of the README" },
          sketch: await buildSketch(text, board, hall.folder, six),
        })
    }
  const warned = rows.flatMap(({ sketch }) => sketch.warnings)
  const failed = rows.filter(({ sketch }) => sketch.why !== undefined)
  const example =
    text === undefined ? undefined : libraryFiles(text.module, text.sources, [])[`${text.name}/examples/Ask/Ask.ino`]
  return {
    measures: [
      {
        name: "sketches that do not compile",
        value: missing === undefined ? failed.length : undefined,
        ...{ unit: "sketches", digits: 0, bars: { is: "at most", must: 0 } },
      },
      {
        name: "warnings with -warnings=all",
        value: missing === undefined ? warned.length : undefined,
        ...{ unit: "warnings", digits: 0, bars: { is: "at most", must: 0 } },
      },
      {
        name: "lines of the sketch that the library's README shows",
        value: six === undefined ? undefined : linesOf(six).length,
        ...{ unit: "lines", digits: 0, bars: { is: "at most", must: LINES_MAX } },
      },
      {
        name: "lines of the library's example, which listens to the serial port",
        ...{ value: example === undefined ? undefined : linesOf(example).length, unit: "lines", digits: 0 },
      },
    ],
    sections: [
      {
        title: "Arduino libraries",
        notes: [
          "arduino-builder with the default flags of each board and -warnings=all; warnings of the board's own core are not counted. Lines are those that are neither empty nor a comment.",
          ...(missing === undefined ? [] : [missing]),
          ...failed.map(({ name, board, sketch }) => `${name}, ${board}: ${sketch.why}.`),
          ...warned,
          ...unfit,
          ...(six === undefined ? [] : [`What a person writes:\n\n\`\`\`cpp\n${six.trimEnd()}\n\`\`\``]),
          ...(example === undefined ? [] : [`The example:\n\n\`\`\`cpp\n${example.trimEnd()}\n\`\`\``]),
        ],
        table: {
          heading: ["library", "board", "sketch", "warnings", "flash", "static RAM"],
          rows: rows.map(({ name, board, what, sketch }) => [
            ...[name, board, what, `${sketch.warnings.length}`],
            ...[sketch.flashBytes?.toFixed(0), sketch.ramBytes?.toFixed(0)],
          ]),
        },
      },
    ],
    isSame: true,
  }
}

const readmeSketch = (readme: string): string | undefined => /```cpp\n([\s\S]*?)```/.exec(readme)?.[1]
const linesOf = (sketch: string): readonly string[] =>
  sketch.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//"))
