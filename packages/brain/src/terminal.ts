import type { ReadStream, WriteStream } from "node:tty"
import type { Terminal } from "./services.ts"

/** Another screen, and pasted text between marks of its own. Source: xterm's control sequences. */
const [ENTER, LEAVE] = ["\u001b[?1049h\u001b[?2004h", "\u001b[?2004l\u001b[?25h\u001b[?1049l"]

/** A terminal of this process; however that ends, the screen is as it was. */
export function terminalOf(input: ReadStream, output: WriteStream): Terminal {
  const leave = (): void => {
    process.off("exit", leave)
    output.write(LEAVE)
    input.setRawMode(false)
  }
  return {
    enter() {
      input.setRawMode(true)
      output.write(ENTER)
      process.once("exit", leave)
    },
    leave,
    size: () => ({ columns: output.columns, rows: output.rows }),
    onResize: (listener) => void output.on("resize", listener),
  }
}
