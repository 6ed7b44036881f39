/** Class names from a model's metadata. */

/** Metadata keys in which exporters put class names. */
const KEYS = ['labels', 'classes', 'class_names', 'names', 'id2label', 'classes_names'];

/**
 * The labels a file's metadata carries, as a JSON list, a JSON object or Python dictionary from index to name, or lines.
 *
 * @returns one label per class, or null where there are none or their number is not `classes`
 */
export function labelsIn(metadata: ReadonlyMap<string, string>, classes: number): readonly string[] | null {
  for (const key of KEYS) {
    const text = metadata.get(key);
    if (text === undefined) continue;
    const labels = parseLabels(text);
    if (labels.length === classes) return labels;
  }
  return null;
}

/** Labels in the order of their indices, from any of the forms above. */
export function parseLabels(text: string): readonly string[] {
  const value = asJson(text);
  if (Array.isArray(value)) return value.map(labelOf);
  if (typeof value === 'object' && value !== null)
    return byIndex(Object.entries(value).map(([index, name]) => [index, labelOf(name)]));
  if (/^\s*\{/.test(text)) {
    const pairs = text.matchAll(/(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g);
    return byIndex([...pairs].map(([, index = '', single, double]) => [index, (single ?? double ?? '').replace(/\\(.)/g, '$1')]));
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** ImageNet's usual index file has [WordNet id, name] pairs. */
function labelOf(value: unknown): string {
  return String(Array.isArray(value) ? value.at(-1) : value);
}

function byIndex(entries: readonly (readonly [string, string])[]): readonly string[] {
  const sorted = entries
    .map(([index, name]) => [Number(index), name] as const)
    .filter(([index]) => Number.isInteger(index))
    .sort(([a], [b]) => a - b);
  return sorted.every(([index], position) => index === position) ? sorted.map(([, name]) => name) : [];
}
