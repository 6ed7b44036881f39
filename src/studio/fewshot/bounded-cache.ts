/** Remembers what was made for a key. Making is shared by all who ask meanwhile; what failed is forgotten. */
export type Cache<V> = (key: string, make: () => Promise<V>) => Promise<V>;

/**
 * @param most largest total size that is kept; what was asked for longest ago goes first
 * @param sizeOf size of a value, in the same unit
 */
export function boundedCache<V>(most: number, sizeOf: (value: V) => number): Cache<V> {
  /** In the order they were asked for last; size 0 while a value is being made. */
  const kept = new Map<string, { readonly value: Promise<V>; size: number }>();
  let total = 0;

  function trim(): void {
    for (const [key, { size }] of kept) {
      if (total <= most) return;
      // One still being made has no size yet and would be made twice.
      if (size === 0) continue;
      kept.delete(key);
      total -= size;
    }
  }

  return (key, make) => {
    const known = kept.get(key);
    if (known) {
      kept.delete(key);
      kept.set(key, known);
      return known.value;
    }
    const entry = { value: make(), size: 0 };
    kept.set(key, entry);
    entry.value.then(
      (value) => {
        entry.size = sizeOf(value);
        total += entry.size;
        trim();
      },
      () => kept.delete(key),
    );
    return entry.value;
  };
}
