/** The HTTP headers a host should send. `npm run preview` does; the documentation tells how to set them elsewhere. */

/** Cross-origin isolation, without which browsers give no shared memory and the wasm runtime has one thread. */
export const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Own origin only. `wasm-unsafe-eval` allows compiling WebAssembly and nothing else. Inline styles are what the widgets set
 * positions and custom properties with. Pictures come from files (blob:) and canvases (data:).
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
