/** Makes everything the interface is bound to, and begins to follow the settings. */
import { createEngine } from '../runtime/client.ts';
import { ensureIsolation } from '../runtime/isolation.ts';
import { createLibrary } from './assets.ts';
import type { Studio } from './context.ts';
import { createExplainController } from './explain-controller.ts';
import { deferFewShot } from './fewshot/deferred-fewshot.ts';
import { browserHost } from './host.ts';
import { createIntake } from './intake.ts';
import { fewShotCode } from './panels.ts';
import { browserSurroundings, persist, restore } from './persistence.ts';
import { createPictures } from './picture-client.ts';
import { toImageData } from './pictures.ts';
import { prefetch } from './prefetch.ts';
import { browserRelight } from './relight/browser-relight.ts';
import { createRelight } from './relight/relight-controller.ts';
import { createSettings } from './store.ts';
import { createUi } from './ui.ts';
import type { Workspace } from './workspaces.ts';

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

  const engine = createEngine();
  const controller = createExplainController({
    engine,
    settings,
    library,
    loadPixels,
    fitPicture: pictures.fit,
  });
  const relight = createRelight(settings, browserRelight(`${base}scenes/`));
  const fewshot = deferFewShot(
    async (status) => {
      const [{ createFewShot }, { browserFewShot }] = await fewShotCode();
      return createFewShot(settings, browserFewShot(base, engine, library, pictures, loadPixels), status);
    },
    () => performance.now(),
  );
  const intake = createIntake(controller, relight, fewshot, settings, pictures, () => ui.setState({ dialog: 'preprocessing' }));
  const host = browserHost(settings, controller, ui, (files) => void intake.take(files));

  persist(settings, browserSurroundings, (problem) => controller.report('storage', problem));
  if (restored.problems.length > 0) controller.report('link', restored.problems.join(' '));

  async function showFirstLook(): Promise<void> {
    const look = await library.firstLook();
    const picture = toImageData(await loadPixels(look.pictureUrl, 'The stored picture'));
    ui.setState({ firstLook: { look, picture } });
  }
  /** Resolves when one of these workspaces is first looked at. */
  const lookedAt = (...workspaces: readonly Workspace[]) =>
    new Promise<void>((resolve) => {
      const look = () => workspaces.includes(settings.get().workspace) && resolve();
      settings.subscribe(look);
      look();
    });

  lookedAt('explain')
    .then(showFirstLook)
    // Without it the stage waits for the engine: nothing a reader could do about it.
    .catch(() => undefined);

  const painted = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const given = new Promise<false>((resolve) => setTimeout(() => resolve(false), ISOLATION_PATIENCE));

  // The runtime's megabytes wait until the first look is painted, and come only once where the page loads again.
  void Promise.all([Promise.race([reloading, given]), painted, lookedAt('explain', 'few-shot')]).then(([reloads]) => {
    if (reloads) return;
    controller.start();
    void lookedAt('few-shot').then(() => fewshot.start());
  });

  const stops = [
    controller.status.subscribe(({ shown }) => shown && fetchAhead()),
    fewshot.status.subscribe(({ answer }) => answer && fetchAhead()),
  ];
  function fetchAhead(): void {
    for (const stop of stops) stop();
    // Offline this fails, and whatever is missing says so when it is asked for.
    setTimeout(() => prefetch().catch(() => undefined));
  }

  return { settings, controller, relight, fewshot, ui, host, library, intake };
}
