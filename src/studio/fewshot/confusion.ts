/** The confusion matrix as a page can show it: which lines it has, what is in them, which classes are most often mixed up. */
import { byName } from '../../fewshot/episode.ts';
import type { ConfusionCell } from '../../fewshot/evaluation.ts';

/** More rows than this are not read any more; classes are gathered then. */
export const MOST_LINES = 40;

/** A row, and the column of the same number. */
export interface MatrixLine {
  readonly key: string;
  readonly label: string;
  /** Indices into the pool's classes. */
  readonly classes: readonly number[];
  /** One class, the classes of one name before “/”, or those that have no line of their own. */
  readonly kind: 'class' | 'group' | 'rest';
}

export interface MatrixLayout {
  readonly lines: readonly MatrixLine[];
  /** Number of classes that were drawn at all. */
  readonly drawn: number;
  /** What the lines are: the classes themselves, groups of them, or the most confused ones. */
  readonly by: 'class' | 'group' | 'confused';
}

export interface MatrixCell {
  /** Queries of the row taken for the column; on the diagonal those predicted right. */
  readonly count: number;
  /** Queries of the row whose episode offered a class of the column; on the diagonal all of the row. */
  readonly of: number;
}

export interface Matrix {
  readonly cells: readonly (readonly MatrixCell[])[];
  /** Of each line, queries taken for another class of the same line. 0 where the line is one class. */
  readonly within: readonly number[];
  /** Largest share of a row taken for another line, where the colour scale ends; 0 where nothing was confused. */
  readonly limit: number;
}

export interface ConfusedPair extends MatrixCell {
  readonly actual: number;
  readonly predicted: number;
}

/** Episode number → class → number of its queries there. */
type Offered = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** What each episode was about. Every query of an episode is in some cell, so the cells know. */
function offered(cells: readonly ConfusionCell[]): Offered {
  const episodes = new Map<number, Map<number, number>>();
  for (const { actual, queries } of cells) {
    for (const { episode } of queries) {
      const classes = episodes.get(episode) ?? new Map<number, number>();
      classes.set(actual, (classes.get(actual) ?? 0) + 1);
      episodes.set(episode, classes);
    }
  }
  return episodes;
}

/** The part of a class’s name before the first “/”: its script, its folder. The whole name where there is none. */
export function groupOf(name: string): string {
  return name.split('/', 1)[0] ?? name;
}

/**
 * Which lines a matrix has: every drawn class by name; where they are too many, groups of one name before “/”, of which those in
 * `opened` show their classes; where names have no groups, the most confused classes and one line for the rest.
 *
 * @param names of the pool's classes
 */
export function layOut(
  names: readonly string[],
  cells: readonly ConfusionCell[],
  opened: ReadonlySet<string>,
  most = MOST_LINES,
): MatrixLayout {
  const nameOf = (index: number) => names[index] ?? '';
  const drawn = [...new Set(cells.map(({ actual }) => actual))].sort((a, b) => byName(nameOf(a), nameOf(b)));
  const line = (index: number): MatrixLine => ({
    key: `class ${index}`,
    label: nameOf(index),
    classes: [index],
    kind: 'class',
  });
  if (drawn.length <= most) return { lines: drawn.map(line), drawn: drawn.length, by: 'class' };

  const trouble = troubleOf(cells);
  const mostConfused = (classes: readonly number[], rest: string): MatrixLine[] => {
    if (classes.length <= most) return classes.map(line);
    const ranked = [...classes].sort((a, b) => (trouble.get(b) ?? 0) - (trouble.get(a) ?? 0));
    const kept = new Set(ranked.slice(0, most - 1));
    const others = classes.filter((index) => !kept.has(index));
    return [
      ...classes.filter((index) => kept.has(index)).map(line),
      { key: `rest ${rest}`, label: `${others.length} others`, classes: others, kind: 'rest' },
    ];
  };

  const groups = new Map<string, number[]>();
  for (const index of drawn) groups.set(groupOf(nameOf(index)), [...(groups.get(groupOf(nameOf(index))) ?? []), index]);
  if (groups.size < 2 || groups.size > most) return { lines: mostConfused(drawn, ''), drawn: drawn.length, by: 'confused' };
  const lines = [...groups].flatMap(([name, classes]): MatrixLine[] => {
    if (classes.length === 1 || opened.has(name)) return mostConfused(classes, name);
    return [{ key: `group ${name}`, label: name, classes, kind: 'group' }];
  });
  return { lines, drawn: drawn.length, by: 'group' };
}

/** For each class how many queries of it were predicted wrong, or wrongly predicted as it. */
function troubleOf(cells: readonly ConfusionCell[]): Map<number, number> {
  const trouble = new Map<number, number>();
  for (const { actual, predicted, queries } of cells) {
    if (actual === predicted) continue;
    for (const index of [actual, predicted]) trouble.set(index, (trouble.get(index) ?? 0) + queries.length);
  }
  return trouble;
}

export function matrixOf(lines: readonly MatrixLine[], cells: readonly ConfusionCell[]): Matrix {
  const lineOf = new Map(lines.flatMap(({ classes }, at) => classes.map((index) => [index, at] as const)));
  const table = lines.map(() => lines.map(() => ({ count: 0, of: 0 })));
  const within = lines.map(() => 0);
  for (const classes of offered(cells).values()) {
    const present = [...new Set([...classes.keys()].map((index) => lineOf.get(index)))];
    for (const [index, queries] of classes) {
      const from = lineOf.get(index);
      // Its own line is among those present.
      for (const to of present) {
        const cell = table[from ?? -1]?.[to ?? -1];
        if (cell) cell.of += queries;
      }
    }
  }
  for (const { actual, predicted, queries } of cells) {
    const from = lineOf.get(actual) ?? -1;
    const to = lineOf.get(predicted) ?? -1;
    const cell = table[from]?.[to];
    if (!cell) continue;
    if (from === to && actual !== predicted) within[from] = (within[from] ?? 0) + queries.length;
    else cell.count += queries.length;
  }
  const shares = table.flatMap((row, from) => row.map(({ count, of }, to) => (from === to || of === 0 ? 0 : count / of)));
  return { cells: table, within, limit: Math.max(0, ...shares) };
}

/** Pairs of different classes, the most often confused first; among equals the larger share of chances to be. */
export function confusedPairs(cells: readonly ConfusionCell[], most: number): ConfusedPair[] {
  const episodes = offered(cells);
  const chances = (actual: number, predicted: number) => {
    let sum = 0;
    for (const classes of episodes.values()) if (classes.has(predicted)) sum += classes.get(actual) ?? 0;
    return sum;
  };
  return cells
    .filter(({ actual, predicted }) => actual !== predicted)
    .sort((a, b) => b.queries.length - a.queries.length)
    .slice(0, most * 4)
    .map(({ actual, predicted, queries }) => ({ actual, predicted, count: queries.length, of: chances(actual, predicted) }))
    .sort((a, b) => b.count - a.count || b.count / b.of - a.count / a.of)
    .slice(0, most);
}

/** The cells behind one of the matrix: those from one of the classes to one of the others. On the diagonal of several classes the wrong ones. */
export function cellsBetween(
  cells: readonly ConfusionCell[],
  actual: readonly number[],
  predicted: readonly number[],
): ConfusionCell[] {
  const from = new Set(actual);
  const to = new Set(predicted);
  const between = cells.filter((cell) => from.has(cell.actual) && to.has(cell.predicted));
  const wrong = between.filter((cell) => cell.actual !== cell.predicted);
  const several = actual.length > 1 && actual.some((index) => to.has(index));
  return (several && wrong.length > 0 ? wrong : between).sort((a, b) => b.queries.length - a.queries.length);
}
