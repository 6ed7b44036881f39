import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addClass,
  addExamples,
  duplicateClass,
  EMPTY_EPISODE,
  freeName,
  removeClass,
  removeExample,
  renameClass,
} from './edit-episode.ts';
import { type Example, LONGEST_NAME, MOST_CLASSES, MOST_EXAMPLES, type OwnEpisode, ownEpisodeSchema } from './own-episode.ts';

const example = (letter: string): Example => ({ image: `data:image/png;base64,${letter}`, origin: 'drawn' });
const names = ({ classes }: OwnEpisode) => classes.map(({ name }) => name);
const images = ({ classes }: OwnEpisode) => classes.map(({ examples }) => examples.map(({ image }) => image.slice(-1)).join(''));

/** Classes named and filled by letters: 'ab,c' has the examples a and b, and c. */
function episode(written: string): OwnEpisode {
  return written.split(',').reduce((sum, letters, index) => addClass(sum, `n${index}`, [...letters].map(example)), EMPTY_EPISODE);
}

describe('classes', () => {
  test('are named by the first number that is free from their own on', () => {
    let three = addClass(addClass(addClass(EMPTY_EPISODE)));
    expect(names(three)).toEqual(['Class 1', 'Class 2', 'Class 3']);
    three = removeClass(three, 0);
    expect(names(addClass(three))).toEqual(['Class 2', 'Class 3', 'Class 4']);
  });

  test('are renamed, also to what they are called, but not to what another is', () => {
    expect(names(renameClass(episode('a,b'), 1, '  cat '))).toEqual(['n0', 'cat']);
    expect(names(renameClass(episode('a,b'), 1, 'n1'))).toEqual(['n0', 'n1']);
    expect(() => renameClass(episode('a,b'), 1, 'n0')).toThrow('There is a class “n0” already.');
    expect(() => renameClass(episode('a,b'), 1, '  ')).toThrow('needs a name');
    expect(() => renameClass(episode('a,b'), 1, 'x'.repeat(LONGEST_NAME + 1))).toThrow(`${LONGEST_NAME + 1} letters`);
  });

  test('are duplicated behind themselves under another name', () => {
    const twice = duplicateClass(duplicateClass(episode('ab,c'), 0), 0);
    expect(names(twice)).toEqual(['n0', 'n0 3', 'n0 2', 'n1']);
    expect(images(twice)).toEqual(['ab', 'ab', 'ab', 'c']);
  });

  test('find a name that fits however long it is', () => {
    const long = freeName(EMPTY_EPISODE, `folder/${'x'.repeat(200)}`);
    expect(long).toHaveLength(LONGEST_NAME);
    const second = freeName(addClass(EMPTY_EPISODE, long), long);
    expect(second).toMatch(/ 2$/);
    expect(second.length).toBeLessThanOrEqual(LONGEST_NAME);
    expect(freeName(EMPTY_EPISODE, '  ')).toBe('Class');
  });
});

test('examples are added and removed', () => {
  expect(images(addExamples(episode('a,b'), 1, [example('c'), example('d')]))).toEqual(['a', 'bcd']);
  expect(images(removeExample(episode('abc,d'), 0, 1))).toEqual(['ac', 'd']);
});

describe('what does not fit is refused in a sentence', () => {
  const full = Array.from({ length: MOST_CLASSES }).reduce<OwnEpisode>((sum) => addClass(sum), EMPTY_EPISODE);
  const crowded = addClass(EMPTY_EPISODE, 'many', new Array<Example>(MOST_EXAMPLES).fill(example('a')));

  test.each([
    ['a class too many', () => addClass(full), `at most ${MOST_CLASSES} classes; these would be ${MOST_CLASSES + 1}.`],
    ['a copy too many', () => duplicateClass(full, 0), `at most ${MOST_CLASSES} classes`],
    ['an example too many', () => addExamples(crowded, 0, [example('b')]), `“many” has room for ${MOST_EXAMPLES} examples`],
    ['a class that is not there', () => removeClass(episode('a,b'), 2), 'There is no class 3; the episode has 2.'],
    ['an example that is not there', () => removeExample(episode('a,b'), 0, 1), '“n0” has no example 2, only 1.'],
  ])('%s', (_, change, message) => {
    expect(change).toThrow(message);
    expect(change).toThrow(expect.objectContaining({ code: 'bad-episode' }));
  });
});

test('whatever is changed, the episode stays one that can be stored, its names different, and the old one as it was', () => {
  const index = fc.nat(6);
  const changes: fc.Arbitrary<(e: OwnEpisode) => OwnEpisode> = fc.oneof(
    fc.constant((e: OwnEpisode) => addClass(e)),
    index.map((i) => (e: OwnEpisode) => removeClass(e, i)),
    index.map((i) => (e: OwnEpisode) => duplicateClass(e, i)),
    fc.tuple(index, fc.string({ maxLength: 90 })).map(
      ([i, name]) =>
        (e: OwnEpisode) =>
          renameClass(e, i, name),
    ),
    fc.tuple(index, index).map(
      ([i, n]) =>
        (e: OwnEpisode) =>
          addExamples(e, i, new Array<Example>(n).fill(example('a'))),
    ),
    fc.tuple(index, index).map(
      ([i, k]) =>
        (e: OwnEpisode) =>
          removeExample(e, i, k),
    ),
  );
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 40 }), (list) => {
      let now = EMPTY_EPISODE;
      for (const change of list) {
        const before = JSON.stringify(now);
        let next = now;
        try {
          next = change(now);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-episode' });
        }
        expect(JSON.stringify(now)).toBe(before);
        now = next;
      }
      expect(ownEpisodeSchema.safeParse(now).success).toBe(true);
      expect(new Set(names(now)).size).toBe(now.classes.length);
    }),
  );
});
