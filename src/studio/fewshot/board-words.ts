/** What is said of the pictures on the board and of an answer. */
import { formatPercent } from '../seeing/numbers.ts';
import type { Board } from './fewshot-status.ts';

/** “Example 3 of Georgian/ani, taken for Thai/ko”. Numbers count from 1. `taken`: the way it is predicted as, null before that. */
export function pictureName(
  kind: 'Example' | 'Query',
  { classes }: Board,
  way: number,
  index: number,
  taken: number | null,
): string {
  const name = `${kind} ${index + 1} of ${classes[way]?.name ?? way + 1}`;
  if (taken === null) return name;
  return taken === way ? `${name}, recognised` : `${name}, taken for ${classes[taken]?.name ?? taken + 1}`;
}

/** The predictions of one class out of a class-major list; null for each where there is no list. */
export function predictionsOf(
  all: readonly number[] | null,
  pictures: readonly (readonly unknown[])[],
  way: number,
): readonly (number | null)[] {
  const before = pictures.slice(0, way).reduce((sum, { length }) => sum + length, 0);
  return (pictures[way] ?? []).map((_, i) => all?.[before + i] ?? null);
}

/** How many pictures are predicted as what they are; null where none was predicted. */
export function countRecognised(
  all: readonly number[] | null,
  pictures: readonly (readonly unknown[])[],
): { readonly right: number; readonly of: number } | null {
  if (!all || all.length === 0) return null;
  const right = pictures.flatMap((_, way) => predictionsOf(all, pictures, way).filter((taken) => taken === way));
  return { right: right.length, of: all.length };
}

/** The likeliest way; null where there are no numbers. The first of equals. */
export function likeliest(probabilities: Float32Array | readonly number[] | null): number | null {
  let best: number | null = null;
  probabilities?.forEach((value, way) => {
    if (Number.isFinite(value) && (best === null || value > (probabilities[best] ?? 0))) best = way;
  });
  return best;
}

/** “Georgian/ani, 93 %”, and where the truth is known whether it is so. */
export function answerSentence({ classes }: Board, probabilities: Float32Array | null, actual: number | null): string {
  const best = likeliest(probabilities);
  if (best === null) return '';
  const answer = `${classes[best]?.name ?? best + 1}, ${formatPercent(probabilities?.[best] ?? 0)}`;
  if (actual === null) return answer;
  return actual === best ? `${answer}, which is right` : `${answer}; it is ${classes[actual]?.name ?? actual + 1}`;
}
