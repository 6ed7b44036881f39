import { LIGHT_VARIABLES } from '../theme.ts';

const INK = '#1a1a1a';

/** What plots take from style sheets. */
const COLOURS = ['fill', 'stroke'];
const OTHERS = ['fill-opacity', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'font-size', 'font-weight'];

/**
 * A plot as a file of its own: black on white in the light theme's colours whatever the theme, without what follows the
 * pointer (`data-transient`) and with what only a file needs (`data-standalone`). Nothing is left to style sheets.
 *
 * @param plot an element of the page.
 */
export function standaloneSvg(plot: SVGSVGElement): string {
  const copy = plot.cloneNode(true) as SVGSVGElement;
  for (const transient of copy.querySelectorAll('[data-transient]')) transient.remove();
  for (const added of copy.querySelectorAll('[data-standalone]')) added.removeAttribute('display');
  // Beside the plot, where the same rules hold.
  copy.style.cssText = `position: absolute; visibility: hidden; color: ${INK}`;
  for (const [name, value] of Object.entries(LIGHT_VARIABLES)) copy.style.setProperty(name, value);
  plot.after(copy);
  for (const element of copy.querySelectorAll('[class]')) {
    const style = getComputedStyle(element);
    for (const name of COLOURS) element.setAttribute(name, plainColour(style.getPropertyValue(name)));
    for (const name of OTHERS) element.setAttribute(name, style.getPropertyValue(name));
    element.removeAttribute('class');
  }
  copy.remove();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('color', INK);
  copy.setAttribute('font-family', 'Inter, Helvetica, Arial, sans-serif');
  copy.setAttribute('style', 'background: #fff');
  return new XMLSerializer().serializeToString(copy);
}

/** `oklch(…)` and its like as `rgb(…)`, the only form that programs which draw SVG agree on. */
function plainColour(value: string): string {
  if (value === 'none') return value;
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (!canvas) return value;
  canvas.fillStyle = value;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}
