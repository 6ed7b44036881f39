import type { RelightReport } from '../test/numeric/relight.ts';
import { NUMERIC_PORT } from './ports.ts';
import { expect, test } from './studio.ts';

/** Decibels below which a picture is not the reference's. The shader reaches more than 50. */
const SAME_PICTURE = 38;

/** Decibels by which the shader may be nearer to or farther from a photograph than the reference renderer. */
const SAME_QUALITY = 0.5;

for (const backend of ['webgl2', 'webgpu'] as const) {
  test(`the Relight shader draws what the reference renderer draws (${backend})`, async ({ page }) => {
    await page.goto(`http://127.0.0.1:${NUMERIC_PORT}/relight.html?backend=${backend}`);
    await page.waitForFunction(() => window.relight?.done, null, { timeout: 100_000 });
    const report = await page.evaluate((): RelightReport => window.relight);
    expect(report.failure).toBe('');
    // Six variants, two cameras, two suns, each final and shadow; albedo and depth of both cameras once. The shipped scene: two
    // cameras, two suns, three layers.
    expect(report.results).toHaveLength(6 * 2 * 2 * 2 + 2 * 2 + 2 * 2 * 3);
    expect(report.results.filter(({ psnr }) => !(psnr >= SAME_PICTURE))).toEqual([]);
    expect(report.truths).toHaveLength(2);
    expect(report.truths.filter(({ psnr, reference }) => !(Math.abs(psnr - reference) <= SAME_QUALITY))).toEqual([]);
    expect(report.splitError).toEqual(backend === 'webgl2' ? [0, 0] : [0]);
    // Four blended pictures are rounded to eight bits four times.
    expect(report.smooth.error).toBeLessThanOrEqual(2);
    expect(report.smooth.gain).toBeGreaterThan(20);
    expect(report.idleFrames).toBe(0);
    expect(report.lost).toBe(backend === 'webgl2' ? 'device-lost' : '');
  });
}
