import { describe, expect, test } from 'vitest';
import { HeliographError } from '../../graph/errors.ts';
import { type EpisodeFile, readEpisodeFile, writeEpisodeFile } from './episode-file.ts';
import type { DecodePicture } from './picture-text.ts';

const picture = (letters: string) => `data:image/png;base64,${letters}`;
const settings = { learner: 'drawings-anyway', innerSteps: null, innerRate: 0.4, assignments: 3, shuffle: 2 };
const FILE: EpisodeFile = {
  title: 'Two letters',
  savedWith: 'Heliograph 0.1.0',
  episode: {
    classes: [
      { name: 'alef', examples: [{ image: picture('AAAA'), origin: 'drawn' }] },
      {
        name: 'bet',
        examples: [
          { image: picture('BBBB'), origin: 'camera' },
          { image: picture('CCCC'), origin: 'file' },
        ],
      },
    ],
  },
  query: picture('DDDD'),
  settings,
};

/** Decodes all pictures but those that say “bad”. */
const decode: DecodePicture = async (address) => {
  if (address.includes('bad')) throw new HeliographError('bad-image', 'The picture is damaged.');
  return { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };
};
const read = (file: unknown) => readEpisodeFile(JSON.stringify(file), decode);
/** The written file as data, so that a test can spoil it. */
const written = (file: EpisodeFile = FILE) => JSON.parse(writeEpisodeFile(file));
const first = (classes: unknown) => {
  const { classes: _, ...rest } = written();
  return { ...rest, version: 1, classes };
};

test('what is written is read back', async () => {
  expect(await readEpisodeFile(writeEpisodeFile(FILE), decode)).toEqual(FILE);
  const bare: EpisodeFile = { title: '', episode: { classes: [] }, query: null, settings };
  expect(await readEpisodeFile(writeEpisodeFile(bare), decode)).toEqual(bare);
});

test('a file of version 1 is migrated: its pictures come from a file', async () => {
  const old = first([{ name: 'alef', images: [picture('AAAA'), picture('BBBB')] }]);
  const { episode, title, query } = await read(old);
  expect(episode.classes).toEqual([
    {
      name: 'alef',
      examples: [
        { image: picture('AAAA'), origin: 'file' },
        { image: picture('BBBB'), origin: 'file' },
      ],
    },
  ]);
  expect([title, query]).toEqual([FILE.title, FILE.query]);
});

describe('what cannot be read is refused with its reason and place', () => {
  const spoiled = (spoil: (file: ReturnType<typeof written>) => void) => {
    const file = written();
    spoil(file);
    return file;
  };

  test.each([
    ['another format', { format: 'heliograph-session', version: 1 }, 'The file is no Heliograph episode.'],
    ['no object', 7, 'The file is no Heliograph episode.'],
    ['a newer version', spoiled((f) => (f.version = 3)), 'has version 3; this Heliograph reads up to version 2.'],
    ['no version', spoiled((f) => delete f.version), 'does not say its version'],
    ['version 0', spoiled((f) => (f.version = 0)), 'does not say its version'],
    ['no classes', spoiled((f) => delete f.classes), 'damaged at “classes”'],
    ['a class without a name', spoiled((f) => delete f.classes[1].name), 'damaged at class 2, “name”'],
    ['a picture that is none', spoiled((f) => (f.classes[1].examples[1].image = 'x')), 'class 2, picture 2: is no picture.'],
    ['an unknown origin', spoiled((f) => (f.classes[0].examples[0].origin = 'moon')), 'class 1, picture 1'],
    ['a class that is none', spoiled((f) => (f.classes[0] = 3)), 'damaged at class 1:'],
    ['a query that is none', spoiled((f) => (f.query = 'x')), 'damaged at the picture asked about: is no picture.'],
    ['a setting out of range', spoiled((f) => (f.settings.assignments = 99)), 'damaged at “settings.assignments”'],
    ['version 1 without pictures', first([{ name: 'alef' }]), 'damaged at class 1, “images”'],
    ['version 1 with a bad picture', first([{ name: 'alef', images: [picture('AAAA'), 5] }]), 'class 1, picture 2'],
    [
      'pictures that cannot be decoded',
      spoiled((f) => {
        f.classes[1].examples[1].image = picture('bad1');
        f.query = picture('bad2');
      }),
      'cannot be decoded: picture 2 of “bet”, the picture asked about.',
    ],
    [
      'many such',
      spoiled((f) => {
        f.classes[0].examples = Array.from({ length: 9 }, () => ({ image: picture('bad1'), origin: 'file' }));
      }),
      'picture 5 of “alef”, and 4 more.',
    ],
  ])('%s', async (_, file, message) => {
    await expect(read(file)).rejects.toThrow(message);
    await expect(read(file)).rejects.toMatchObject({ code: 'bad-document' });
  });

  test('no JSON', async () => {
    await expect(readEpisodeFile('{"format":', decode)).rejects.toThrow('The file is not JSON, so it is no episode.');
  });

  test('a decoder that fails for another reason is not taken for a damaged file', async () => {
    const broken = () => Promise.reject(new HeliographError('out-of-memory', 'No room.'));
    await expect(readEpisodeFile(writeEpisodeFile(FILE), broken)).rejects.toThrow('No room.');
  });
});
