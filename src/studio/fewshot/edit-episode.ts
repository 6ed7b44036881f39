/** Changes of an own episode. Each gives a new episode; one that is not allowed throws and changes nothing. */
import { HeliographError } from '../../graph/errors.ts';
import { type EpisodeClass, type Example, LONGEST_NAME, MOST_CLASSES, MOST_EXAMPLES, type OwnEpisode } from './own-episode.ts';

export const EMPTY_EPISODE: OwnEpisode = { classes: [] };

/**
 * Adds a class at the end.
 *
 * @param name left out: “Class n” with the first n that is free
 * @throws HeliographError `bad-episode` where there is no room, or the name is taken, empty or too long
 */
export function addClass(episode: OwnEpisode, name?: string, examples: readonly Example[] = []): OwnEpisode {
  const added = { name: name === undefined ? defaultName(episode) : usable(episode, name), examples: within(examples) };
  return { classes: roomy([...episode.classes, added]) };
}

/** @throws HeliographError `bad-episode` where there is no such class */
export function removeClass(episode: OwnEpisode, index: number): OwnEpisode {
  classAt(episode, index);
  return { classes: episode.classes.filter((_, place) => place !== index) };
}

/** @throws HeliographError `bad-episode` where the name is taken, empty or too long, or there is no such class */
export function renameClass(episode: OwnEpisode, index: number, name: string): OwnEpisode {
  const others = { classes: removeClass(episode, index).classes };
  return replaced(episode, index, { ...classAt(episode, index), name: usable(others, name) });
}

/** Puts a copy with the same examples behind a class. @throws HeliographError `bad-episode` where there is no room or no such class */
export function duplicateClass(episode: OwnEpisode, index: number): OwnEpisode {
  const original = classAt(episode, index);
  const copy = { ...original, name: freeName(episode, original.name) };
  return { classes: roomy([...episode.classes.slice(0, index + 1), copy, ...episode.classes.slice(index + 1)]) };
}

/** Adds examples at the end of a class. @throws HeliographError `bad-episode` where there is no room or no such class */
export function addExamples(episode: OwnEpisode, classIndex: number, examples: readonly Example[]): OwnEpisode {
  const present = classAt(episode, classIndex);
  return replaced(episode, classIndex, { ...present, examples: within([...present.examples, ...examples], present.name) });
}

/** @throws HeliographError `bad-episode` where there is no such class or example */
export function removeExample(episode: OwnEpisode, classIndex: number, index: number): OwnEpisode {
  const present = classAt(episode, classIndex);
  if (index < 0 || index >= present.examples.length) {
    throw new HeliographError(
      'bad-episode',
      `“${present.name}” has no example ${index + 1}, only ${present.examples.length}.`,
      'Choose another example.',
    );
  }
  return replaced(episode, classIndex, { ...present, examples: present.examples.filter((_, place) => place !== index) });
}

/** “Class n” with the first n from the number of classes on that no class is called. */
function defaultName({ classes }: OwnEpisode): string {
  const taken = new Set(classes.map(({ name }) => name));
  let number = classes.length + 1;
  while (taken.has(`Class ${number}`)) number += 1;
  return `Class ${number}`;
}

/** The name cut to what fits, with a number behind it where it is taken: “cat”, “cat 2”, “cat 3”. */
export function freeName({ classes }: OwnEpisode, wanted: string): string {
  const taken = new Set(classes.map(({ name }) => name));
  const base = fitting(wanted.trim() || 'Class', LONGEST_NAME);
  if (!taken.has(base)) return base;
  const stem = base.replace(/ \d+$/, '');
  for (let number = 2; ; number += 1) {
    const name = `${fitting(stem, LONGEST_NAME - ` ${number}`.length)} ${number}`;
    if (!taken.has(name)) return name;
  }
}

/** The end of a name tells more than its beginning where it is a path. */
function fitting(name: string, longest: number): string {
  return name.length <= longest ? name : `…${name.slice(1 - longest)}`;
}

function usable({ classes }: OwnEpisode, name: string): string {
  const trimmed = name.trim();
  if (trimmed === '') throw new HeliographError('bad-episode', 'A class needs a name.', 'Type one.');
  if (trimmed.length > LONGEST_NAME) {
    throw new HeliographError('bad-episode', `The name has ${trimmed.length} letters, more than ${LONGEST_NAME}.`, 'Shorten it.');
  }
  if (classes.some((other) => other.name === trimmed)) {
    throw new HeliographError('bad-episode', `There is a class “${trimmed}” already.`, 'Choose another name.');
  }
  return trimmed;
}

function roomy(classes: readonly EpisodeClass[]): readonly EpisodeClass[] {
  if (classes.length <= MOST_CLASSES) return classes;
  throw new HeliographError(
    'bad-episode',
    `An episode has at most ${MOST_CLASSES} classes; these would be ${classes.length}.`,
    'Remove a class first.',
  );
}

function within(examples: readonly Example[], name?: string): readonly Example[] {
  if (examples.length <= MOST_EXAMPLES) return examples;
  const which = name === undefined ? 'A class' : `“${name}”`;
  throw new HeliographError(
    'bad-episode',
    `${which} has room for ${MOST_EXAMPLES} examples; these would be ${examples.length}.`,
    'Remove some first.',
  );
}

function replaced(episode: OwnEpisode, index: number, changed: EpisodeClass): OwnEpisode {
  return { classes: episode.classes.map((present, place) => (place === index ? changed : present)) };
}

function classAt({ classes }: OwnEpisode, index: number): EpisodeClass {
  const found = classes[index];
  if (found) return found;
  throw new HeliographError(
    'bad-episode',
    `There is no class ${index + 1}; the episode has ${classes.length}.`,
    'Choose another.',
  );
}
