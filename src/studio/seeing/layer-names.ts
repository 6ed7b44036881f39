/**
 * Names without the beginning they all share, an ellipsis in its place. Cut only behind a separator, and only where that
 * makes them shorter.
 */
export function withoutSharedStart(names: readonly string[]): readonly string[] {
  const [first = ''] = names;
  let shared = 0;
  while (names.length > 1 && shared < first.length && names.every((name) => name[shared] === first[shared])) shared += 1;
  const cut = first.slice(0, shared).replace(/[^./:]*$/, '').length;
  return cut > 1 ? names.map((name) => `…${name.slice(cut)}`) : names;
}
