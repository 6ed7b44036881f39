/** Makes everything the interface is bound to, and begins to follow the settings. */
import { createEngine } from '../runtime/client.ts';
import { ensureIsolation } from '../runtime/isolation.ts';
import { createLibrary } from './assets.ts';
import type { Studio } from './context.ts';
import { createExplainController } from './explain-controller.ts';
import { browserHost } from './host.ts';
import { createIntake } from './intake.ts';
import { browserSurroundings, persist, restore } from './persistence.ts';
import { createPictures } from './picture-client.ts';
import { toImageData } from './pictures.ts';
import { prefetch } from './prefetch.ts';
import { browserRelight } from './relight/browser-relight.ts';
import { createRelight } from './relight/relight-controller.ts';
import { createSettings } from './store.ts';
import { createUi } from './ui.ts';

/** A browser that cannot say whether the page will load again is not waited for any longer. Milliseconds. */
const ISOLATION_PATIENCE = 3000;

/**
 * @returns the studio, which computes once the page is painted and isolated; that may load it once more
 */
export function startStudio(): Studio {
  const reloading = ensureIsolation();
  const base = document.baseURI.replace(/[^/]*([?#].*)?$/, '');
  const library = createLibrary(base);
  const restored = restore(browserSurroundings);
  const settings = createSettings(restored.settings);
  const ui = createUi();
  const pictures = createPictures();

  async function loadPixels(url: string, name: string) {
    const response = await fetch(url);
    return (await pictures.decode(await response.blob(), name)).pixels;
  }

  const controller = createExplainController({
    engine: createEngine(),
    settings,
    library,
    loadPixels,
    fitPicture: pictures.fit,
  });
  const relight = createRelight(settings, browserRelight(`${base}scenes/`));
  const intake = createIntake(controller, relight, settings, pictures, () => ui.setState({ dialog: 'preprocessing' }));
  const host = browserHost(settings, controller, ui, (files) => void intake.take(files));

  persist(settings, browserSurroundings, (problem) => controller.report('storage', problem));
  if (restored.problems.length > 0) controller.report('link', restored.problems.join(' '));

  async function showFirstLook(): Promise<void> {
    const look = await library.firstLook();
    const picture = toImageData(await loadPixels(look.pictureUrl, 'The stored picture'));
    ui.setState({ firstLook: { look, picture } });
  }
  // Without it the stage waits for the engine: nothing a reader could do about it.
  showFirstLook().catch(() => undefined);

  const painted = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const given = new Promise<false>((resolve) => setTimeout(() => resolve(false), ISOLATION_PATIENCE));

  /** Resolves when the explaining workspace is first looked at. */
  const explaining = new Promise<void>((resolve) => {
    const look = () => settings.get().workspace === 'explain' && resolve();
    settings.subscribe(look);
    look();
  });

  // The runtime's megabytes wait until the first look is painted, and come only once where the page loads again.
  void Promise.all([Promise.race([reloading, given]), painted, explaining]).then(([reloads]) => {
    if (!reloads) controller.start();
  });

  const unsubscribe = controller.status.subscribe(({ shown }) => {
    if (!shown) return;
    unsubscribe();
    // Offline this fails, and whatever is missing says so when it is asked for.
    setTimeout(() => prefetch().catch(() => undefined));
  });

  return { settings, controller, relight, ui, host, library, intake };
}
