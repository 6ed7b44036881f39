import { type CSSVariablesResolver, createTheme, type MantineColorsTuple, virtualColor } from '@mantine/core';
import { keepEscape } from './escape.ts';

/** Ten steps of one hue. Lightness in percent, which is where the component library reads contrast from. */
function steps(lightness: readonly number[], chroma: (index: number) => number, hue: number): MantineColorsTuple {
  return lightness.map((value, index) => `oklch(${value}% ${chroma(index)} ${hue})`) as unknown as MantineColorsTuple;
}

/** Solar amber. */
const AMBER_CHROMA = [0.022, 0.05, 0.09, 0.125, 0.15, 0.155, 0.145, 0.125, 0.105, 0.085];
const amber = steps([98, 94.5, 90, 85.5, 81, 75, 66, 55.5, 47, 39], (index) => AMBER_CHROMA[index] ?? 0, 72);

/** Neutrals, very slightly warm so that amber belongs to them; light to dark. */
const gray = steps([98.4, 96.6, 93.6, 89.5, 83, 72, 56, 47, 36, 25], () => 0.004, 80);
/** The dark scheme's neutrals, text to background. */
const dark = steps([91, 79, 68, 46, 36, 30, 25, 20.5, 17.5, 14], () => 0.004, 80);

/** Lists and hints stand within the landmark they belong to; fixed, so that no scrolling panel clips them. */
const IN_PLACE = { withinPortal: false, floatingStrategy: 'fixed' } as const;

/** The list itself scrolls, as its arrow keys do; a scrolling box around it would have to take the focus. */
const LIST = { withScrollArea: false, styles: { options: { maxHeight: 'min(420px, 50dvh)', overflowY: 'auto' } } } as const;

export const theme = createTheme({
  primaryColor: 'sun',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  // Lightness above which text is black: white stands on the light scheme’s accent, black on the dark scheme’s.
  luminanceThreshold: 0.62,
  // A virtual colour, so that the text upon it is chosen for each scheme’s own shade.
  colors: { amber, gray, dark, sun: virtualColor({ name: 'sun', light: 'amber', dark: 'amber' }) },
  black: 'oklch(22% 0.004 80)',
  white: 'oklch(100% 0 0)',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '8px', xl: '16px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  shadows: {
    xs: 'none',
    sm: '0 1px 3px oklch(0% 0 0 / 0.12)',
    md: '0 2px 8px oklch(0% 0 0 / 0.14)',
    lg: '0 2px 8px oklch(0% 0 0 / 0.14)',
    xl: '0 2px 8px oklch(0% 0 0 / 0.14)',
  },
  components: {
    Tooltip: {
      defaultProps: { openDelay: 400, withArrow: false, events: { hover: true, focus: true, touch: false }, ...IN_PLACE },
    },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 100 } } },
    PopoverDropdown: { defaultProps: { onKeyDown: keepEscape } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 100 }, ...IN_PLACE } },
    MenuDropdown: { defaultProps: { onKeyDown: keepEscape } },
    Combobox: { defaultProps: IN_PLACE },
    Select: { defaultProps: { size: 'sm', onKeyDown: keepEscape, ...LIST } },
    MultiSelect: { defaultProps: { onKeyDown: keepEscape, ...LIST } },
  },
});

/** Surfaces and text of the light theme beyond what the component library derives itself. */
export const LIGHT_VARIABLES: Readonly<Record<string, string>> = {
  '--mantine-color-body': 'oklch(100% 0 0)',
  '--mantine-color-dimmed': 'oklch(47% 0.004 80)',
  '--mantine-color-default-border': 'oklch(87% 0.004 80)',
  '--mantine-color-placeholder': 'oklch(52% 0.004 80)',
  '--mantine-color-error': 'oklch(50% 0.17 27)',
  '--helio-panel': 'oklch(98.8% 0.002 80)',
  '--helio-stage': 'oklch(95.6% 0.002 80)',
  '--helio-line': 'oklch(90% 0.004 80)',
  '--helio-hover': 'oklch(95% 0.004 80)',
  '--helio-accent-ink': 'oklch(50% 0.115 66)',
};

/** Both themes' surfaces and text. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: LIGHT_VARIABLES,
  dark: {
    '--mantine-color-body': 'oklch(22% 0.004 80)',
    '--mantine-color-dimmed': 'oklch(73% 0.004 80)',
    '--mantine-color-default-border': 'oklch(36% 0.004 80)',
    '--mantine-color-placeholder': 'oklch(66% 0.004 80)',
    '--mantine-color-error': 'oklch(75% 0.14 27)',
    '--helio-panel': 'oklch(19.5% 0.004 80)',
    '--helio-stage': 'oklch(15% 0.003 80)',
    '--helio-line': 'oklch(29% 0.004 80)',
    '--helio-hover': 'oklch(26% 0.004 80)',
    '--helio-accent-ink': 'oklch(82% 0.14 76)',
  },
});
