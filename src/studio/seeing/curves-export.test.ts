import { describe, expect, it } from 'vitest';
import { CURVE_COLOURS, curvesCsv } from './curves-export.ts';

/** WCAG 2.2 relative luminance of `#rrggbb`. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const encoded = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe('curve colours', () => {
  it('keep 3 : 1 against white and against the dark surface', () => {
    for (const colour of CURVE_COLOURS) {
      const own = luminance(colour);
      expect(1.05 / (own + 0.05), colour).toBeGreaterThanOrEqual(3);
      expect((own + 0.05) / (luminance('#181818') + 0.05), colour).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('curvesCsv', () => {
  it('writes one row a point and quotes labels', () => {
    const csv = curvesCsv([
      {
        id: 'a',
        label: 'SRD, "identity"',
        curves: {
          fractions: Float32Array.of(0, 1),
          insertion: Float32Array.of(0.1, 0.9),
          deletion: Float32Array.of(0.9, 0.1),
          insertionAuc: 0.5,
          deletionAuc: 0.5,
        },
      },
    ]);
    expect(csv.split('\r\n')).toEqual([
      'series,curve,fraction_of_pixels,probability',
      '"SRD, ""identity""",insertion,0,0.1',
      '"SRD, ""identity""",insertion,1,0.9',
      '"SRD, ""identity""",deletion,0,0.9',
      '"SRD, ""identity""",deletion,1,0.1',
      '',
    ]);
  });
});
