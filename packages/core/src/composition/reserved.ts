/** The words of the grammar that stand where a name could: they name nothing else. */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    "about licence takes gives parameter use require forbid budget include from is of and at with optional shared " +
    "route when or unsure otherwise first mix weight repeat then until within above below label"
  ).split(" "),
)
