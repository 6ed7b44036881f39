/** What a Chromium needs to run WebGPU on a software adapter, and to leave closed networks alone. */
export const CHROMIUM_FLAGS: string[] = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
