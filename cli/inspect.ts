import type { ModelSummary } from '../src/runtime/protocol.ts';
import { openModel } from './session.ts';

interface InspectArguments {
  readonly size?: [number, number];
  readonly json?: boolean;
}

/** Lines with aligned columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/** What a reader wants to know of a model before explaining it. */
function text(model: ModelSummary, labels: readonly string[] | null): string {
  const { preprocessing: p } = model;
  const operators = Object.entries(model.operators).sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  const lines = [
    `${model.name}  opset ${model.opset}, ${(model.bytes / 2 ** 20).toFixed(1)} MiB`,
    '',
    `Input    ${model.inputName} [${model.inputShape.join(', ')}]`,
    `Output   ${model.outputName}, ${model.classes} classes${labels === null ? '' : ` (${labels.slice(0, 3).join(', ')}, …)`}`,
    `Pixels   ${p.channels}, ${p.layout}, (value/255·${p.scale} − [${p.mean.join(', ')}]) / [${p.std.join(', ')}], short side ${p.resizeShort}`,
    `         ${model.preprocessingGrounds}`,
    '',
    'Layers (★ last of a stage)',
    ...table(
      model.layers.map(({ tensor, op, channels, height, width, stage }) => [
        stage ? '★' : ' ',
        tensor,
        op,
        `${channels} × ${height} × ${width}`,
      ]),
    ),
    '',
    'Operators',
    ...table(operators.map(([op, count]) => [op, String(count)])),
    '',
    'Methods',
    ...table(model.methods.map(({ id, obstacle }) => [obstacle === null ? '✓' : '✗', id, obstacle ?? ''])),
  ];
  if (model.notices.length > 0) lines.push('', 'Notices', ...model.notices.map((notice) => `  ${notice}`));
  return `${lines.join('\n')}\n`;
}

/** `heliograph inspect`: layers a user can name, operators, and which methods apply and why not. */
export async function inspect(modelArgument: string, given: InspectArguments): Promise<void> {
  const { summary, labels } = await openModel(modelArgument, given.size);
  process.stdout.write(given.json ? `${JSON.stringify(summary, null, 2)}\n` : text(summary, labels));
}
