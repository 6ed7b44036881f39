/** Tables as files. */

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180 table; numbers with seven digits, which is what float32 holds. */
export function csvTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const write = (cell: string | number) => (typeof cell === 'number' ? String(Number(cell.toPrecision(7))) : quoted(cell));
  return [head, ...rows].map((row) => `${row.map(write).join(',')}\r\n`).join('');
}
