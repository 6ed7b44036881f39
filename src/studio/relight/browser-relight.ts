import { HeliographError } from '../../graph/errors.ts';
import type { RelightSurroundings } from './relight-controller.ts';

/** A part of the studio that is loaded when first needed. */
async function loaded<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    throw new HeliographError(
      'download-failed',
      'A part of the studio could not be loaded.',
      'Check the connection and try again.',
      { cause },
    );
  }
}

/**
 * The browser as the relighting workspace needs it. Loader and renderer come when first used.
 * @param scenes address of the folder of bundled scenes, with a slash at its end
 */
export function browserRelight(scenes: string): RelightSurroundings {
  return {
    async loadBundled(id, onProgress, signal) {
      const { loadScene } = await loaded(import('../../relight/scene-file.ts'));
      const { sceneAt } = await loaded(import('../../relight/scene-source.ts'));
      return loadScene(sceneAt(`${scenes}${encodeURIComponent(id)}/`), onProgress, signal);
    },
    async loadOwn(files, onProgress, signal) {
      const { loadScene } = await loaded(import('../../relight/scene-file.ts'));
      const { sceneFrom } = await loaded(import('../../relight/scene-source.ts'));
      return loadScene(sceneFrom(files), onProgress, signal);
    },
    loadDay: () => loaded(import('./relight-day.ts')),
    async createRenderer(canvas, onLost) {
      const { createRenderer } = await loaded(import('../../relight/renderer.ts'));
      return createRenderer(canvas, { backend: 'auto', onLost });
    },
    nextFrame: (callback) => requestAnimationFrame(callback),
    clock: () => performance.now(),
  };
}
