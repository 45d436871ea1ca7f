import { sizeOf } from "@open-brains/core/base/shape.ts"
import type { Port } from "@open-brains/core/run/net_program.ts"
import { strToU8, type Zippable, zipSync } from "fflate"
import { closingOf, commented, cType, upper } from "./c_text.ts"
import { licenceText } from "./licence.ts"
import type { EntryPorts, Exported, ExportedClassifier, ExportedNet } from "./program.ts"
import { beginning, learnSketch } from "./scribe_c.ts"
import type { Sources } from "./sources.ts"

/** The files of an Arduino library, by path. Format: "Arduino library specification", 1.5. */
export function libraryFiles(module: Exported, sources: Sources, figures: readonly string[]): Record<string, string> {
  const { name } = module
  const code = Object.entries(sources.files).map(([file, text]) => [`${name}/src/${file}`, text] as const)
  const { example } = WORDS[module.kind]
  return {
    ...Object.fromEntries(code),
    [`${name}/library.properties`]: properties(module),
    [`${name}/keywords.txt`]: keywords(module),
    [`${name}/examples/${example}/${example}.ino`]: sketchOf(module),
    [`${name}/README.md`]: readme(module, example, figures),
    [`${name}/LICENSE`]: licenceText(module.licence, name),
  }
}

/** What differs by what is exported. */
const WORDS = { classifier: { example: "Ask" }, net: { example: "Run" }, scribe: { example: "Learn" } } as const
function sketchOf(module: Exported): string {
  switch (module.kind) {
    case "classifier":
      return askSketch(module)
    case "net":
      return runSketch(module)
    case "scribe":
      return learnSketch(module)
    default:
      return module satisfies never
  }
}

/** The same bytes wherever and whenever it is made: sorted names, and one date for all, the first that a zip can have. */
export function zipped(files: Readonly<Record<string, string>>): Uint8Array {
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))
  const entries: Zippable = Object.fromEntries(sorted.map(([path, text]) => [path, strToU8(text)]))
  return zipSync(entries, { level: 9, mtime: new Date(1980, 0, 1) }) // a zip has local times: local ones are the same anywhere
}

/** Of one line, as library.properties has it. */
const line = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()

function properties(module: Exported): string {
  const { name, about } = module
  const does = `${doesOf(module)} No network, no floats, no heap.`
  return `${[
    `name=${name}`,
    "version=1.0.0",
    `author=whoever taught ${name}`,
    `maintainer=whoever taught ${name}`,
    `sentence=${line(about)}`,
    `paragraph=${does} Licence: ${line(module.licence)}.`,
    "category=Data Processing",
    "url=https://spdx.org/licenses/",
    "architectures=*",
    `includes=${name}.h`,
  ].join("\n")}\n`
}

function doesOf(module: Exported): string {
  if (module.kind === "classifier")
    return `Give it a text and it says which of ${module.labels.length} labels fits, or that none does.`
  return module.kind === "scribe"
    ? "Give it byte after byte: it says what each cost and which comes next, and learns from them."
    : "A net with a state of its own: fill its inputs, call it, read its outputs."
}
function functionsOf(module: Exported): readonly string[] {
  if (module.kind === "classifier")
    return ["ask", "label", "evidence", "is_unsure", "label_name", ...(module.givesProbability ? ["probability"] : [])]
  if (module.kind === "scribe") return ["begin", "learn", "read", "next", "likelihood"]
  return [...Object.keys(module.ports), ...(module.reset === undefined ? [] : [module.reset])]
}

function keywords(module: Exported): string {
  const { name } = module
  const constants = module.kind === "classifier" ? ["LABELS", "TEXT_BYTES", "EVIDENCE_NEEDED"] : ["RAM_BYTES"]
  return `${[
    `${name}\tKEYWORD1`,
    ...functionsOf(module).map((each) => `${name}_${each}\tKEYWORD2`),
    ...constants.map((each) => `${upper(name)}_${each}\tLITERAL1`),
  ].join("\n")}\n`
}

function askSketch({ name }: ExportedClassifier): string {
  return `// Type a text into the serial monitor (9600 baud, line ending "Newline"), and it answers.
#include <${name}.h>

char text[${upper(name)}_TEXT_BYTES + 2]; // so that a character that does not fit is seen to go on

void setup() { Serial.begin(9600); }

void loop() {
  size_t bytes = Serial.readBytesUntil('\\n', text, sizeof text - 1);
  if (bytes > 0 && text[bytes - 1] == '\\r') bytes--; // of "Both NL & CR"
  if (bytes == 0) return;
  text[bytes] = 0;
  const char *label = ${name}_ask(text);
  Serial.println(${name}_is_unsure() ? "unsure" : label);
}
`
}

/** What gives nothing is called once, to begin with; what gives something again and again, on what the first analog pin says. */
function runSketch({ name, ports, reset, samples }: ExportedNet): string {
  const array = ({ buffer }: Port): string => `${name}_${buffer}`
  const each = (port: Port): string => `for (size_t i = 0; i < sizeof ${array(port)} / sizeof ${array(port)}[0]; i++)`
  const sampleOf = ({ buffer }: Port): readonly number[] =>
    samples.areGiven ? [...(samples.runs[0]?.[buffer] ?? [])] : []
  const fill = (port: Port): string =>
    sizeOf(port.shape) === 1
      ? `  ${array(port)}[0] = ${sampleOf(port)[0] ?? 0}; // say what it is`
      : `  ${each(port)} ${array(port)}[i] = (${cType(port.dtype)})(analogRead(A0) / 8);`
  const print = (port: Port): string => `  ${each(port)} { Serial.print(${array(port)}[i]); Serial.print(' '); }`
  const call = ([entry, { inputs, outputs }]: readonly [string, EntryPorts]): readonly string[] => [
    ...Object.values(inputs).map(fill),
    `  ${name}_${entry}();`,
    ...Object.values(outputs).map(print),
  ]
  const isSilent = ([, { outputs }]: readonly [string, EntryPorts]): boolean => Object.keys(outputs).length === 0
  const entries = Object.entries(ports)
  return `${[
    "// Gives the net what pin A0 says, and prints what it makes of it. Put your own samples in place of analogRead.",
    `#include <${name}.h>`,
    "",
    "void setup() {",
    "  Serial.begin(9600);",
    ...(reset === undefined ? [] : [`  ${name}_${reset}();`]),
    ...entries.filter(isSilent).flatMap(call),
    "}",
    "",
    "void loop() {",
    ...entries.filter((entry) => !isSilent(entry)).flatMap(call),
    "  Serial.println();",
    "}",
  ].join("\n")}\n`
}

function readme(module: Exported, example: string, figures: readonly string[]): string {
  const { name, about, licence } = module
  return `${[
    `# ${name}`,
    "",
    commented(about),
    "",
    "## Install",
    "",
    "Arduino IDE: Sketch, Include Library, Add .ZIP Library, and choose this file. Then File, Examples,",
    `${name}, ${example}. It compiles for any board: there is no memory to reserve and nothing to configure.`,
    "",
    "## Use",
    "",
    ...useOf(module),
    "",
    ...closingOf(figures, licence),
  ].join("\n")}\n`
}

function useOf(module: Exported): readonly string[] {
  const { name } = module
  if (module.kind === "net")
    return [
      `\`src/${name}.h\` says which buffers to fill before each function, and which to read after it. What it computes are the bits`,
      "that the net has on a PC.",
    ]
  if (module.kind === "scribe")
    return [
      "```cpp",
      `#include <${name}.h>`,
      "",
      "void setup() {",
      "  Serial.begin(9600);",
      `  ${name}_begin();`,
      `  for (const char *c = "ababab"; *c; c++) Serial.println(${name}_learn(*c) / 256);`,
      "}",
      "",
      "void loop() {}",
      "```",
      "",
      `\`${name}_learn\` says what a byte cost in 1/256 bit, and learns it; \`${name}_read\` says the same and learns nothing. \`${name}_next\` is`,
      `the likeliest next byte, and \`${name}_likelihood\` how likely. \`${name}_begin\` comes first, and forgets all when it is called again.`,
      `${beginning(module)} What it learns it keeps until the power is off. What it says is what the scribe says on a PC, to the bit.`,
    ]
  return [
    "```cpp",
    `#include <${name}.h>`,
    "",
    "void setup() {",
    "  Serial.begin(9600);",
    `  Serial.println(${name}_ask("..."));`,
    "}",
    "",
    "void loop() {}",
    "```",
    "",
    `\`${name}_ask\` gives the likeliest of ${module.labels.length} labels; \`${name}_is_unsure()\` says whether it is worth anything. The first`,
    `${module.textBytes} bytes of a text are read. The answers are those of the module on a PC, to the bit.`,
  ]
}
