import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test, vi } from "vitest"
import { missingProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"

const SKETCH = `String line;
unsigned long begun;
void setup() { Serial.begin(115200); Serial.println("ready"); begun = millis(); }
void loop() {
  while (Serial.available()) {
    char c = Serial.read();
    if (c == '\\n') {
      if (line == "wait") { delay(50); Serial.println(millis() - begun >= 50 ? "waited" : "hurried"); }
      else if (line == "read") Serial.println(analogRead(A0));
      else { Serial.print("echo "); Serial.println(line); }
      line = "";
    } else if (c != '\\r') line += c;
  }
}
`
vi.setConfig({ testTimeout: 180_000 })
const TOOLS = "/usr/share/arduino-builder"

/** A sketch as the Arduino IDE builds it: the folder that its .hex and .elf are in. */
function built(board: string): string {
  const folder = temporary()
  const [sketch, out] = [join(folder, "echo"), join(folder, "out")]
  for (const each of [sketch, out]) mkdirSync(each)
  writeFileSync(join(sketch, "echo.ino"), SKETCH)
  const places = ["-hardware", "/usr/share/arduino/hardware", "-hardware", TOOLS, "-tools", TOOLS]
  const flags = ["-prefs=compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"]
  const words = ["-compile", ...places, "-fqbn", board, "-build-path", out, ...flags, join(sketch, "echo.ino")]
  execFileSync("arduino-builder", words, { stdio: "pipe" })
  return join(out, "echo.ino")
}

test.for([
  ["uno", "arduino:avr:uno"],
  ["mega", "arduino:avr:mega:cpu=atmega2560"],
] as const)(
  "an Arduino sketch answers at 115200 baud on a virtual %s, from .hex and from .elf",
  async ([board, name], context) => {
    requireOrSkip(context, missingProgram("arduino-builder", "avr-gcc"), false)
    const path = built(name)
    const input = "hello\na line of sixty characters, which is near what its buffer keeps\nwait\nread\n"
    const output =
      "ready\r\necho hello\r\necho a line of sixty characters, which is near what its buffer keeps\r\nwaited\r\n0\r\n"
    const seen: unknown[] = []
    for (const kind of ["hex", "elf"]) {
      const { code, out } = await brain(["flash", `${path}.${kind}`, "--virtual", board, "--cycles", "--json"], {
        input,
      })
      const { speed: _, ...told } = JSON.parse(out) as Record<string, unknown>
      expect([code, told]).toMatchObject([0, { output, lostBytes: 0 }])
      const { answers } = told as { answers: readonly { sent: string; cycles: number }[] }
      expect(answers.map(({ sent }) => sent)).toEqual(input.trim().split("\n"))
      expect(answers[2]!.cycles).toBeGreaterThan(0.05 * 16e6)
      expect(answers[2]!.cycles).toBeLessThan(0.052 * 16e6)
      seen.push(told)
    }
    expect(seen[0]).toEqual(seen[1])
  },
)
