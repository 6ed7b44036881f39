import type { Page } from '@playwright/test';
import type { NumericReport } from '../test/numeric/page.ts';
import { relativeError } from '../test/relative-error.ts';
import { NUMERIC_PORT } from './ports.ts';
import { expect, fileOf, golden, test } from './studio.ts';

/** One net of each kind, and of each the cases that between them use every operator family: the software adapter is slow. */
const WEBGPU_CASES = 'nets=basic,depthwise,vit&cases=logits,gradient,srd_identity,srd_contrastive,gradcam_raw';

for (const backend of ['wasm', 'webgpu'] as const) {
  const report = async (page: Page, what: string): Promise<NumericReport> => {
    await page.goto(`http://127.0.0.1:${NUMERIC_PORT}/?backend=${backend}&${what}`);
    await page.waitForFunction(() => window.numeric?.done);
    return page.evaluate(() => window.numeric);
  };

  test(`explanations agree with their independent sources in the browser (${backend})`, async ({ page }) => {
    const { failure, device, nets } = await report(page, WEBGPU_CASES);
    expect(failure).toBe('');
    expect(device?.backend).toBe(backend);
    const results = Object.values(nets).flat();
    expect(results.length).toBeGreaterThanOrEqual(8);
    expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
  });

  test(`few-shot learners learn in the browser as in PyTorch (${backend})`, async ({ page }) => {
    const { failure, device, nets } = await report(page, 'nets=&learners=fewshot-maml,fewshot-protonet');
    expect(failure).toBe('');
    expect(device?.backend).toBe(backend);
    expect(Object.keys(nets)).toEqual(['fewshot-maml', 'fewshot-protonet']);
    const results = Object.values(nets).flat();
    expect(results.length).toBeGreaterThan(10);
    expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
  });
}

test('the studio computes the same map on WebGPU as on wasm', async ({ studio, page }) => {
  await studio.open();
  await studio.dropModel(fileOf(golden('basic', 'model.onnx')));
  const wasm = await studio.values();
  await studio.device.click();
  await page.getByText('WebGPU', { exact: true }).click();
  await expect(studio.device).toHaveText(/^WebGPU.*ms/);
  await studio.device.click();
  await studio.settled();
  const webgpu = await studio.values();
  expect(relativeError(webgpu.data, wasm.data)).toBeLessThan(1e-4);
});

test('a GPU that is lost in mid-run leaves the run to wasm, and says so', async ({ studio, page }) => {
  await studio.open('device=wasm&method=grad-cam');
  await studio.dropModel(fileOf(golden('basic', 'model.onnx')));
  const wasm = await studio.values();
  await studio.choose('Gradient');
  // The layers would take the software adapter another ten seconds.
  await page.getByRole('button', { name: 'Show or hide the strip below' }).click();
  const engine = page.workers().find((worker) => /\/worker-/.test(worker.url()));
  // From now on the first work that is handed to the GPU is its last.
  await engine?.evaluate(() => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await requestDevice.call(this, descriptor);
      addEventListener('gpu-fails', () => {
        const submit = device.queue.submit.bind(device.queue);
        device.queue.submit = (buffers) => {
          submit(buffers);
          device.destroy();
        };
      });
      return device;
    };
  });
  await studio.device.click();
  await page.getByText('WebGPU', { exact: true }).click();
  await expect(studio.device).toHaveText(/^WebGPU.*ms/);
  await studio.closeDialog();
  await engine?.evaluate(() => dispatchEvent(new Event('gpu-fails')));
  await studio.choose('Grad-CAM');
  await expect(studio.map(/^Grad-CAM/)).toBeVisible();
  await expect(studio.device).toHaveText(/^wasm.*ms/);
  await expect(page.getByRole('alert')).toContainText(/The GPU was lost.*wasm took over/);
  expect(relativeError((await studio.values()).data, wasm.data)).toBeLessThan(1e-6);
});
