/** A picture one can put on a slide or into a paper: picture and map, the legend with numbers, and what was explained. */
import { HeliographError } from '../../graph/errors.ts';
import { lut } from './colormap.ts';
import { mapContours, paint, type Scene } from './map-canvas.ts';
import { fittingScale, tickEnd } from './numbers.ts';
import type { Explained } from './types.ts';

export interface PngOptions extends Omit<Scene, 'contours'> {
  readonly explained: Explained;
  readonly unit: string;
  /** Further lines below the caption: attribution of the photograph, device, date. */
  readonly notes?: readonly string[];
  /** Pixels of the file per layout unit; the picture is 640 units wide. 2 by default. */
  readonly scale?: number;
}

const WIDTH = 640;
const MARGIN = 16;
const BAR_HEIGHT = 12;
const LINE = 18;
const INK = '#1c1c1c';
const QUIET = '#5a5a5a';

/** Browsers give no reason; too large a canvas or too many of them are the known ones. */
function noRoom(): HeliographError {
  return new HeliographError(
    'out-of-memory',
    'The browser could not make the picture.',
    'Close other tabs, or save it at a smaller scale.',
  );
}

/** Caption lines: what was explained, then how. */
function captionOf({ explained, look, limit }: PngOptions): [string, string] {
  const { method, target, model, layer, start } = explained;
  const shown = { signed: 'red for, blue against', positive: 'positive relevance only', magnitude: 'size without sign' }[
    look.mode
  ];
  const hidden = look.threshold > 0 ? `below ${Math.round(100 * look.threshold)} % of the limit hidden` : '';
  const levels = look.contours.map((level) => Math.round(100 * level)).join(', ');
  const dashed = look.mode === 'signed' ? ', dashed where against' : '';
  const lines = levels === '' ? '' : `contours at ${levels}\u00a0% of the limit${dashed}`;
  const details = [model, layer ?? 'input', start ?? '', shown, `limit ${limit.toPrecision(3)}`, hidden, lines];
  return [[method, target].filter((part) => part !== '').join(', '), details.filter((part) => part !== '').join(' · ')];
}

/** Breaks a line at spaces so that it fits. */
function wrap(context: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && context.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/**
 * Composes the PNG, dark ink on white. Uses the page's typeface, so call it once fonts have loaded.
 * @throws HeliographError `out-of-memory` where the browser gives no 2-D context or cannot encode
 */
export async function composePng(options: PngOptions): Promise<Blob> {
  const { picture, map, look, limit, unit, notes = [], scale = 2 } = options;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw noRoom();
  const family = getComputedStyle(document.body).fontFamily || 'sans-serif';
  const normal = `13px ${family}`;
  const bold = `600 14px ${family}`;
  const inner = WIDTH - 2 * MARGIN;

  const source = picture ?? map;
  const pictureHeight = source ? Math.round((inner * source.height) / source.width) : inner;
  const [title, details] = captionOf(options);
  context.font = bold;
  const titleLines = wrap(context, title, inner);
  context.font = normal;
  const detailLines = [details, ...notes].flatMap((text) => wrap(context, text, inner));
  const legendTop = MARGIN + pictureHeight + 12;
  const captionTop = legendTop + BAR_HEIGHT + 2 * LINE + 10;
  const height = captionTop + (titleLines.length + detailLines.length) * LINE + MARGIN;

  canvas.width = Math.round(WIDTH * scale);
  canvas.height = Math.round(height * scale);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);

  const sheet = document.createElement('canvas');
  sheet.width = Math.round(inner * scale);
  sheet.height = Math.round(pictureHeight * scale);
  const sheetContext = sheet.getContext('2d');
  if (!sheetContext) throw noRoom();
  paint(sheetContext, sheet.height, sheet.width, {
    picture,
    map,
    look,
    limit,
    contours: map ? mapContours(map, limit, look.contours, look.mode) : [],
  });
  context.drawImage(sheet, Math.round(MARGIN * scale), Math.round(MARGIN * scale));

  context.scale(scale, scale);
  drawLegend(context, { top: legendTop, width: inner, normal, options, unit });
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  let baseline = captionTop + 13;
  for (const [lines, font, colour] of [
    [titleLines, bold, INK],
    [detailLines, normal, QUIET],
  ] as const) {
    context.font = font;
    context.fillStyle = colour;
    for (const line of lines) {
      context.fillText(line, MARGIN, baseline);
      baseline += LINE;
    }
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(noRoom())), 'image/png');
  });
}

interface LegendPlace {
  readonly top: number;
  readonly width: number;
  readonly normal: string;
  readonly options: PngOptions;
  readonly unit: string;
}

function drawLegend(context: CanvasRenderingContext2D, { top, width, normal, options, unit }: LegendPlace): void {
  const { look, limit } = options;
  const colours = lut(look.mode).slice(1);
  const gradient = context.createLinearGradient(MARGIN, 0, MARGIN + width, 0);
  colours.forEach((colour, i) => {
    gradient.addColorStop(i / (colours.length - 1), `rgb(${colour.join(' ')})`);
  });
  context.fillStyle = gradient;
  context.fillRect(MARGIN, top, width, BAR_HEIGHT);
  context.strokeStyle = '#b8b8b8';
  context.lineWidth = 1;
  context.strokeRect(MARGIN + 0.5, top + 0.5, width - 1, BAR_HEIGHT - 1);

  context.font = normal;
  const widthOf = (text: string) => context.measureText(text).width;
  const { power, ticks } = fittingScale(look.mode, limit, width, widthOf, 9);
  context.fillStyle = INK;
  context.textBaseline = 'top';
  for (const tick of ticks) {
    const x = MARGIN + tick.at * width;
    context.fillRect(x - 0.5, top + BAR_HEIGHT, 1, 4);
    context.textAlign = tickEnd(tick.at, widthOf(tick.text), width) ?? 'center';
    context.fillText(tick.text, x, top + BAR_HEIGHT + 6);
  }
  context.fillStyle = QUIET;
  context.textAlign = 'center';
  context.fillText(`${power} ${unit}`.trim(), MARGIN + width / 2, top + BAR_HEIGHT + 6 + LINE);
}
