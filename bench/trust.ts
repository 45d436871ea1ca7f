/** `./check bench trust`: whether what is taught deserves trust: beside its peers, on data that everybody can fetch. */
import { runBench } from "./shared/part.ts"
import { measurePeers } from "./trust/peers.ts"

const PARTS = { peers: measurePeers }
process.exitCode = await runBench("trust", PARTS, process.argv.slice(2))
