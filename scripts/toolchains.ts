/** The programs that tests run beside Node: found, or installed where this is a Debian machine of our own. */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { canInstall, findProgram } from "./testing.ts"

type Tool = {
  readonly debianPackage: string
  readonly provides: string
  readonly neededFor: string
  /** Only this benchmark needs it. */
  readonly bench?: string
}
/** Debian's folder of libraries for this processor. */
const libraries = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`
const packers = { neededFor: "comparing with other packers", bench: "scribe" } as const
const arduino = { neededFor: "the Arduino library" } as const
const cortex = { neededFor: "the Cortex-M boards" } as const
const torch = { neededFor: "comparing with PyTorch", bench: "engine" } as const

/** `provides` is a program on PATH or the absolute path of a file. */
export const TOOLS: readonly Tool[] = [
  { debianPackage: "gcc", provides: "gcc", neededFor: "the C target" },
  { debianPackage: "libc6-dev", provides: "/usr/include/stdio.h", neededFor: "the C target" },
  { debianPackage: "chromium", provides: "chromium", neededFor: "running in a browser" },
  { debianPackage: "fasttext", provides: "fasttext", neededFor: "comparing with fastText" },
  { debianPackage: "gcc-avr", provides: "avr-gcc", neededFor: "the AVR board" },
  { debianPackage: "avr-libc", provides: "/usr/lib/avr/include/avr/io.h", neededFor: "the AVR board" },
  { debianPackage: "simavr", provides: "simavr", neededFor: "the AVR board" },
  { debianPackage: "libsimavr-dev", provides: "/usr/include/simavr/sim_avr.h", neededFor: "the AVR board" },
  { debianPackage: "libelf-dev", provides: "/usr/include/libelf.h", neededFor: "the AVR board" },
  { debianPackage: "arduino-builder", provides: "arduino-builder", ...arduino },
  { debianPackage: "arduino-ctags", provides: "arduino-ctags", ...arduino },
  { debianPackage: "arduino-core-avr", provides: "/usr/share/arduino/hardware/arduino/avr/boards.txt", ...arduino },
  { debianPackage: "gcc-arm-none-eabi", provides: "arm-none-eabi-gcc", ...cortex },
  { debianPackage: "libnewlib-arm-none-eabi", provides: "/usr/include/newlib/stdio.h", ...cortex },
  { debianPackage: "qemu-system-arm", provides: "qemu-system-arm", ...cortex },
  { debianPackage: "docker-registry", provides: "docker-registry", neededFor: "sharing through somebody's registry" },
  { debianPackage: "skopeo", provides: "skopeo", neededFor: "clients of others at the hub" },
  { debianPackage: "postgresql", provides: "pg_ctlcluster", neededFor: "the hub on PostgreSQL" },
  {
    debianPackage: "python3-sklearn",
    provides: "/usr/lib/python3/dist-packages/sklearn/__init__.py",
    neededFor: "comparing with scikit-learn",
    bench: "trust",
  },
  { debianPackage: "7zip", provides: "7zz", ...packers },
  { debianPackage: "zpaq", provides: "zpaq", ...packers },
  { debianPackage: "xz-utils", provides: "xz", ...packers },
  { debianPackage: "zstd", provides: "zstd", ...packers },
  { debianPackage: "python3-torch", provides: "/usr/lib/python3/dist-packages/torch/__init__.py", ...torch },
  // Without it PyTorch runs on the reference BLAS.
  { debianPackage: "libopenblas0-pthread", provides: `${libraries}/openblas-pthread/libblas.so.3`, ...torch },
]

/**
 * Installs what is missing in one go, or says which tests will be skipped for want of it. Speaks on stderr only.
 * `bench` names the benchmark that is to run, if one is.
 */
export function setUpToolchains(bench?: string): void {
  let missing = TOOLS.filter((tool) => (tool.bench === undefined || tool.bench === bench) && isMissing(tool))
  if (missing.length > 0 && canInstall()) {
    const packages = missing.map((tool) => tool.debianPackage)
    console.error(`Installing Debian packages for the tests: ${packages.join(" ")} ...`)
    aptGet("update", "-qq")
    aptGet("install", "-q", "--yes", "--no-install-recommends", ...packages)
    missing = missing.filter(isMissing)
  }
  if (missing.length === 0) return
  const uses = [...new Set(missing.map((tool) => tool.neededFor))]
  console.error(`Not installed: ${missing.map((tool) => tool.provides).join(", ")}.`)
  console.error(`Tests will be skipped that are about ${uses.join(", ")}.`)
  if (findProgram("apt-get") !== undefined)
    console.error(`To have them: sudo apt-get install ${missing.map((tool) => tool.debianPackage).join(" ")}`)
}

function isMissing(tool: Tool): boolean {
  if (!tool.provides.startsWith("/")) return findProgram(tool.provides) === undefined
  // Header files lie elsewhere on other systems, where the compiler that needs them knows where.
  return process.platform === "linux" && !existsSync(tool.provides)
}

function aptGet(...words: readonly string[]): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  // Its output to our stderr: stdout is for results.
  spawnSync("apt-get", words, { stdio: ["ignore", 2, 2], env: environment })
}
