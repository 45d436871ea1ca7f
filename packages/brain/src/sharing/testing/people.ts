import { join } from "node:path"
import { vi } from "vitest"
import { temporary } from "../../testing/command.ts"

/** From here on the command is another person's: keys, trust and store of their own. */
export interface Person {
  become(): void
}
export function newPerson(): Person {
  const home = temporary()
  return {
    become() {
      vi.stubEnv("XDG_CONFIG_HOME", join(home, "config"))
      vi.stubEnv("XDG_DATA_HOME", join(home, "data"))
      vi.stubEnv("XDG_CACHE_HOME", join(home, "cache"))
      for (const name of ["BRAIN_STORE", "BRAIN_HUB", "BRAIN_REGISTRY_AUTH"]) vi.stubEnv(name, "")
    },
  }
}
