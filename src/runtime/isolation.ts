/** So that the page reloads at most once: a browser that refuses isolation would refuse it again. */
const RELOADED = 'heliograph.isolation-reload';

/**
 * Gets the page isolated (and the wasm runtime its threads) on hosts that do not send the headers: a service worker adds
 * them, and the page loads once more. Does nothing where the headers are there, in development, or without a secure context.
 *
 * @param script address of the service worker, at the root of the built folder
 * @returns whether the page is about to load again
 */
export async function ensureIsolation(script = './isolation-worker.js'): Promise<boolean> {
  if (globalThis.crossOriginIsolated || !import.meta.env.PROD || !('serviceWorker' in navigator)) return false;
  try {
    if (sessionStorage.getItem(RELOADED) !== null) return false;
    await navigator.serviceWorker.register(script);
    await navigator.serviceWorker.ready;
    sessionStorage.setItem(RELOADED, '1');
    location.reload();
    return true;
  } catch {
    // Private windows and some policies forbid service workers or storage: one thread, then, and the device's note says so.
    return false;
  }
}
