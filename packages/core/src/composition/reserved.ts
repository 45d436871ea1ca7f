/** The words of the grammar that stand where a name could: they name nothing else. */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    "about licence takes gives parameter use require forbid budget from is of and at with optional shared as " +
    "route when or unsure otherwise first good mix weight repeat start then until within above below label number text include"
  ).split(" "),
)
