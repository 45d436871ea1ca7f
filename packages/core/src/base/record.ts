/** The same keys with other values. */
export const mapValues = <Key extends string, From, To>(
  record: Readonly<Record<Key, From>>,
  of: (value: From, key: Key) => To,
): Readonly<Record<Key, To>> =>
  Object.fromEntries((Object.entries(record) as [Key, From][]).map(([key, value]) => [key, of(value, key)])) as Record<
    Key,
    To
  >
