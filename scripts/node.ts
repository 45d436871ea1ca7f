import { execFile } from "node:child_process"
import { resolve } from "node:path"

/**
 * The path of a Node of that major version, fetched into `.node/` at most once. What the compiler emits must be the
 * same bytes, and give the same numbers, on the oldest and on the pinned one.
 */
export function nodeBinary(major: 24 | 26): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return Promise.resolve(process.execPath)
  // The launchers' own code fetches, so that versions, lock and messages are in one place.
  const root = resolve(import.meta.dirname, "..")
  const version = major === 24 ? "$node_oldest" : "$node_pinned"
  const commands = `root=$1 && . "$root/scripts/runtime.sh" && find_platform && fetch_node "${version}" "$2" && printf %s "$node"`
  return new Promise((fulfil, reject) => {
    execFile("sh", ["-euc", commands, "sh", root, `Node ${major} is not here`], (error, node, messages) => {
      if (error === null) fulfil(node)
      else reject(new Error(messages.trim() || error.message))
    })
  })
}
