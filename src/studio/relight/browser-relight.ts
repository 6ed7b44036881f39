import type { RelightSurroundings } from './relight-controller.ts';

/**
 * The browser as the relighting workspace needs it. Loader and renderer come when first used.
 * @param scenes address of the folder of bundled scenes, with a slash at its end
 */
export function browserRelight(scenes: string): RelightSurroundings {
  return {
    async loadBundled(id, onProgress, signal) {
      const [{ loadScene }, { sceneAt }] = await Promise.all([
        import('../../relight/scene-file.ts'),
        import('../../relight/scene-source.ts'),
      ]);
      return loadScene(sceneAt(`${scenes}${encodeURIComponent(id)}/`), onProgress, signal);
    },
    async loadOwn(files, onProgress, signal) {
      const [{ loadScene }, { sceneFrom }] = await Promise.all([
        import('../../relight/scene-file.ts'),
        import('../../relight/scene-source.ts'),
      ]);
      return loadScene(sceneFrom(files), onProgress, signal);
    },
    async createRenderer(canvas, onLost) {
      const { createRenderer } = await import('../../relight/renderer.ts');
      return createRenderer(canvas, { backend: 'auto', onLost });
    },
    nextFrame: (callback) => requestAnimationFrame(callback),
    clock: () => performance.now(),
  };
}
