/** The few-shot controller while its code is still to come, so that those who never look at the workspace need not wait for it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { asMessage } from '../workbench.ts';
import type { FewShotController } from './fewshot-controller.ts';
import { type FewShotStatus, INITIAL_FEWSHOT } from './fewshot-status.ts';

/**
 * A controller that is loaded when something is first asked of it; what is asked meanwhile is done then, in the same order.
 *
 * @param load gets the status that is followed already; called again by `retry` where it failed
 * @param clock milliseconds
 */
export function deferFewShot(
  load: (status: StoreApi<FewShotStatus>) => Promise<FewShotController>,
  clock: () => number,
): FewShotController {
  const status = createStore(() => INITIAL_FEWSHOT);
  let loading: Promise<FewShotController> | null = null;
  let follows = false;
  let stop: (() => void) | null = null;

  async function loaded(): Promise<FewShotController | null> {
    if (loading === null) {
      status.setState({
        activities: { cards: { key: 'code', label: 'Loading this workspace', progress: null, since: clock() } },
      });
      // Gone before the controller, which has activities of its own, is asked for anything.
      loading = load(status).finally(() => status.setState({ activities: {} }));
    }
    try {
      const controller = await loading;
      if (follows) stop ??= controller.start();
      return controller;
    } catch (error) {
      loading = null;
      // There is no learner without it either.
      status.setState({ problems: { learner: asMessage(error) } });
      return null;
    }
  }

  function perform(what: (controller: FewShotController) => void): void {
    void loaded().then((controller) => controller && what(controller));
  }

  return {
    status,
    start() {
      follows = true;
      void loaded();
      return () => {
        follows = false;
        stop?.();
        stop = null;
      };
    },
    edit: async (change) => (await loaded())?.edit(change),
    ask: async (picture) => (await loaded())?.ask(picture),
    askLive: async (picture) => (await loaded())?.askLive(picture),
    takeFolders: async (files) => (await loaded())?.takeFolders(files),
    addFiles: async (way, files) => (await loaded())?.addFiles(way, files),
    openEpisode: async (text) => (await loaded())?.openEpisode(text),
    episodeFile: async () => (await loaded())?.episodeFile() ?? null,
    frozen: async () => (await loaded())?.frozen() ?? null,
    chooseLearner: (card) => perform((controller) => controller.chooseLearner(card)),
    choosePool: (id, domain) => perform((controller) => controller.choosePool(id, domain)),
    evaluate: () => perform((controller) => controller.evaluate()),
    // Nothing runs before it has come.
    cancel: () =>
      void loading?.then(
        (controller) => controller.cancel(),
        () => undefined,
      ),
    retry: () => perform((controller) => controller.retry()),
    report: (place, problem) => perform((controller) => controller.report(place, problem)),
  };
}
