/** Serves this page, core and one module to this machine only: node examples/browser/serve.ts [FOLDER OF A MODULE] */
import { readFile, realpath } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { stripTypeScriptTypes } from "node:module"
import { extname, join, resolve, sep } from "node:path"

const repository = resolve(import.meta.dirname, "../..")
const MIME: Readonly<Record<string, string>> = { ".html": "text/html", ".ts": "text/javascript" }

/** What lies where for the page: the start of an address and the folder that it stands for. */
export const foldersFor = (module: string): Readonly<Record<string, string>> => ({
  "/core/": join(repository, "packages/core/src"),
  "/module/": resolve(module),
  "/": import.meta.dirname,
})

/** Serves folders on 127.0.0.1; TypeScript goes out as JavaScript, with spaces where its types were. */
export function serve(folders: Readonly<Record<string, string>>): Promise<{ server: Server; address: string }> {
  const server = createServer(async ({ method, url, headers }, response) => {
    const end = (status: number, content: string | Uint8Array, type = "text/plain"): void => {
      const shared = { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" }
      response.writeHead(status, { ...shared, "x-content-type-options": "nosniff" }).end(content)
    }
    // A stranger's page could give its own name the address 127.0.0.1 and read along: only ours is answered.
    if (headers.host !== address.slice("http://".length)) return end(403, `Open ${address}/`)
    if (method !== "GET") return end(405, "Only GET is answered.")
    try {
      const path = decodeURIComponent(new URL(address + url).pathname).replace(/^\/$/, "/index.html")
      const start = Object.keys(folders).find((each) => path.startsWith(each))!
      const folder = await realpath(folders[start]!)
      const file = await realpath(join(folder, path.slice(start.length)))
      if (!file.startsWith(folder + sep)) return end(404, "There is no such file here.")
      const type = MIME[extname(file)]
      const content = await readFile(file)
      end(200, extname(file) === ".ts" ? stripTypeScriptTypes(content.toString(), { mode: "strip" }) : content, type)
    } catch (error) {
      if (error instanceof SyntaxError) end(500, error.message)
      else end(404, "There is no such file here.")
    }
  })
  let address = ""
  return new Promise((done, fail) => {
    server.once("error", fail).listen(0, "127.0.0.1", () => {
      const bound = server.address()
      address = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`
      done({ server, address })
    })
  })
}

if (import.meta.main) {
  const { address } = await serve(foldersFor(process.argv[2] ?? join(repository, "modules/intent")))
  console.log(`Open ${address}/ in a browser. Ctrl-C ends it.`)
}
