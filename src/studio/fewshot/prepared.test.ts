import { expect, test, vi } from 'vitest';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { FewShotEngine } from '../../runtime/fewshot-protocol.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { PreparedPictures } from './prepared.ts';

const picture = (value: number): Pixels => ({ width: 1, height: 1, channels: 3, data: Uint8Array.of(value, 0, 0) });
const card = { name: 'mirror', input: { channels: 1, height: 1, width: 1 } } as LearnerCard;

test('features of a picture met before are not computed again, but what they took counts', async () => {
  const pictures = new PreparedPictures(async (given) => Float32Array.from(given, ({ data: [value = 0] }) => value));
  const embed = vi.fn<FewShotEngine['embed']>(async (_, { images }) => ({
    features: images,
    milliseconds: 4 * images.length,
    backend: 'wasm',
  }));
  const [a, b, c] = [picture(1), picture(2), picture(3)];
  expect(await pictures.features({ embed }, 'job', 'learner', card, [a, b])).toEqual({
    features: Float32Array.of(1, 2),
    milliseconds: 8,
  });
  expect(await pictures.features({ embed }, 'job', 'learner', card, [b, c, b])).toEqual({
    features: Float32Array.of(2, 3, 2),
    milliseconds: 12,
  });
  expect(embed.mock.calls.map(([, { images }]) => [...images])).toEqual([[1, 2], [3]]);
});
