import type { StoreApi } from 'zustand/vanilla';
import type { Host } from './actions.ts';
import type { ExplainController } from './explain-controller.ts';
import { download } from './seeing/download.ts';
import { lookOf } from './state.ts';
import type { SettingsStore } from './store.ts';
import type { Ui } from './ui.ts';
import { mapOnScreen } from './view.ts';

/** Windows narrower than this show the inspector as a drawer. */
export const NARROW = '(max-width: 1180px)';
/** Windows narrower than this stack the panels, and the page scrolls. Keep in step with the style sheets. */
export const STACKED = '(max-width: 759px)';

/** A file name without what file systems dislike. */
function fileName(parts: readonly string[]): string {
  return parts
    .join('-')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

/** @param take receives what a file dialog brought */
export function browserHost(
  settings: SettingsStore,
  controller: ExplainController,
  ui: StoreApi<Ui>,
  take: (files: readonly File[]) => void,
): Host {
  async function saveMap(form: 'png' | 'npy'): Promise<void> {
    const status = controller.status.getState();
    const now = settings.get();
    const onScreen = mapOnScreen(status, now);
    const { picture, prepared } = status;
    if (!onScreen || !picture || !prepared) return;
    const { map, explained, unit } = onScreen;
    const name = fileName([picture.title, explained.method, explained.target]);
    try {
      if (form === 'npy') {
        const { writeNpy } = await import('../runtime/npy.ts');
        download(new Blob([writeNpy([map.height, map.width], map.values).slice()]), `${name}.npy`);
        return;
      }
      const [{ composePng }, { maximumMagnitude, resolveLimit }] = await Promise.all([
        import('./seeing/export-png.ts'),
        import('./seeing/colormap.ts'),
      ]);
      const photograph = picture.photograph;
      const attribution = photograph ? `Photograph: ${photograph.title}, ${photograph.attribution}, ${photograph.licence}` : '';
      const blob = await composePng({
        picture: prepared.seen,
        map,
        look: lookOf(now),
        limit: resolveLimit([map], now.limit) || maximumMagnitude(map.values) || 1,
        explained,
        unit,
        notes: [attribution, 'Made with Heliograph'].filter(Boolean),
      });
      download(blob, `${name}.png`);
    } catch (error) {
      controller.report('export', error);
    }
  }

  return {
    copy: (text) => navigator.clipboard.writeText(text),
    address: (hash) => `${location.origin}${location.pathname}${location.search}${hash === '' ? '' : `#${hash}`}`,
    pickFiles(accept, folder = false, takeFiles = take) {
      const input = document.createElement('input');
      input.type = 'file';
      input.accept = accept;
      input.multiple = true;
      input.webkitdirectory = folder;
      input.onchange = () => takeFiles([...(input.files ?? [])]);
      input.click();
    },
    save: (name, data, type) => {
      download(new Blob([data], { type }), name);
      ui.setState({ notice: `Saved ${name}.` });
    },
    saveMap,
    prefersDark: () => matchMedia('(prefers-color-scheme: dark)').matches,
    narrow: () => matchMedia(NARROW).matches,
  };
}
