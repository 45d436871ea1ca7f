import { spawn } from "node:child_process"

/** A program and its words. */
export type Command = readonly [path: string, ...words: string[]]

/**
 * Feeds a process and gives what it said. Errors: an Error when it cannot be started, ends with another code than 0, or is
 * killed since it took too long.
 */
export function execute(
  [path, ...words]: Command,
  input: Uint8Array,
  timeoutMs: number,
): Promise<{ readonly stdout: Uint8Array; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, words, { timeout: timeoutMs, killSignal: "SIGKILL" })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes))
    child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes))
    child.stdin.on("error", () => {}) // it ended early: how, its code says
    child.stdin.end(input)
    child.on("error", (error) => reject(new Error(`${path} did not run: ${error.message}`)))
    child.on("close", (code, signal) => {
      const said = `${Buffer.concat(stderr)}`
      if (signal === "SIGKILL") reject(new Error(`${path} was killed after ${timeoutMs} ms: ${said.slice(-400)}`))
      else if (code !== 0) reject(new Error(`${path} ended with ${code ?? signal}: ${said.slice(-400)}`))
      else resolve({ stdout: new Uint8Array(Buffer.concat(stdout)), stderr: said })
    })
  })
}
