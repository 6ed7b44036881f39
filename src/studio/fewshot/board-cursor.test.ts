import { describe, expect, test } from 'vitest';
import { type Cell, type CellKind, cellKey, cellOf, nearestCell, type RowShape, stepCell } from './board-cursor.ts';

const cell = (row: number, kind: CellKind, index = 0): Cell => ({ row, kind, index });
const shape = (examples: number, queries = 0, editable = true): RowShape => ({ examples, queries, editable });

test('a cell is found by its key, and nothing by another', () => {
  expect(cellOf(cellKey(cell(3, 'query', 12)))).toEqual(cell(3, 'query', 12));
  expect([cellOf(''), cellOf('1/elsewhere/2')]).toEqual([null, null]);
});

describe('keys', () => {
  const rows = [shape(2, 1), shape(0), shape(5, 3)];
  const walk = (from: Cell, ...keys: string[]) => keys.reduce<Cell>((at, key) => stepCell(rows, at, key, false) ?? at, from);

  test('go through a row in reading order and stop at its ends', () => {
    const seen = ['name', 'example', 'example', 'add', 'query', 'more', 'more'];
    let at = cell(0, 'name');
    expect(
      seen.map(() => {
        const { kind } = at;
        at = walk(at, 'ArrowRight');
        return kind;
      }),
    ).toEqual(seen);
    expect(walk(cell(0, 'name'), 'ArrowLeft')).toEqual(cell(0, 'name'));
  });

  test('go to the same kind of cell in the next row, as far along as that row reaches', () => {
    expect(walk(cell(2, 'query', 2), 'ArrowUp', 'ArrowUp')).toEqual(cell(0, 'add'));
    expect(walk(cell(2, 'example', 4), 'ArrowUp')).toEqual(cell(1, 'add'));
    expect(stepCell(rows, cell(2, 'example', 4), 'Home', true)).toEqual(cell(0, 'example', 1));
    expect(walk(cell(2, 'name'), 'ArrowDown')).toEqual(cell(2, 'name'));
  });

  test('go to the ends of the row, and of the board with Ctrl', () => {
    expect(walk(cell(2, 'example', 2), 'Home')).toEqual(cell(2, 'name'));
    expect(walk(cell(2, 'example', 2), 'End')).toEqual(cell(2, 'more'));
    expect(stepCell(rows, cell(0, 'name'), 'End', true)).toEqual(cell(2, 'name'));
  });

  test('that mean nothing lead nowhere', () => {
    expect(stepCell(rows, cell(0, 'name'), 'x', false)).toBeNull();
    expect(stepCell([], cell(0, 'name'), 'ArrowDown', false)).toBeNull();
  });
});

describe('on a board that has changed', () => {
  test('a removed picture hands on to the one that took its place, the last one to the one before', () => {
    expect(nearestCell([shape(3)], cell(0, 'example', 1))).toEqual(cell(0, 'example', 1));
    expect(nearestCell([shape(3)], cell(0, 'example', 3))).toEqual(cell(0, 'example', 2));
  });

  test('an emptied class hands on to where examples are added, or else to its name', () => {
    expect(nearestCell([shape(0)], cell(0, 'example', 0))).toEqual(cell(0, 'add'));
    expect(nearestCell([shape(0, 0, false)], cell(0, 'example', 0))).toEqual(cell(0, 'name'));
  });

  test('a removed class hands on to the one before; an empty board has no cell', () => {
    expect(nearestCell([shape(1)], cell(4, 'name'))).toEqual(cell(0, 'name'));
    expect(nearestCell([], cell(0, 'name'))).toBeNull();
  });
});
