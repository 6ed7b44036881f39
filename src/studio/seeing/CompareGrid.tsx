import { type CSSProperties, type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react';
import type { MapData } from '../../runtime/protocol.ts';
import { arrange, type GridSpace } from './arrange.ts';
import { maximumMagnitude, relativeDensity, resolveLimit } from './colormap.ts';
import styles from './compare.module.css';
import { Legend } from './Legend.tsx';
import { MapCanvas } from './MapCanvas.tsx';
import { formatPercent, formatReading } from './numbers.ts';
import { once } from './once.ts';
import { type Point, readAt } from './reading.ts';
import shared from './seeing.module.css';
import type { CompareCell, LimitSetting, MapLook } from './types.ts';

export interface CompareHeader {
  readonly id: string;
  readonly label: string;
  /** Second line: equation, probability, ... */
  readonly detail?: string;
}

export interface CompareGridProps {
  readonly methods: readonly CompareHeader[];
  readonly classes: readonly CompareHeader[];
  readonly cellAt: (method: string, of: string) => CompareCell;
  /** Whether the grid has a height of its own to fill; otherwise the page around it scrolls. */
  readonly bounded: boolean;
  readonly picture: ImageData | null;
  readonly look: MapLook;
  readonly setting: LimitSetting;
  readonly onSetting?: (setting: LimitSetting) => void;
  /**
   * `raw`: values as they are. `density`: each map over its mean |r| (see `relativeDensity`), so that methods of different
   * units and resolutions can stand on one scale.
   */
  readonly values: 'raw' | 'density';
  /** Unit of raw values. */
  readonly unit: string;
  readonly selected: { readonly method: string; readonly of: string } | null;
  readonly onSelect: (method: string, of: string) => void;
}

/** Size of an element without its scroll bars, in CSS pixels; null until it is laid out. */
function useSpace(): readonly [(element: HTMLElement | null) => void, GridSpace | null] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [space, setSpace] = useState<GridSpace | null>(null);
  useLayoutEffect(() => {
    if (!element) return;
    const measure = () => setSpace({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, space];
}

const densityOf = once(relativeDensity);

/**
 * Methods × classes on one colour scale, the way round that lets the maps be larger. Pointing at any cell reads all of them
 * at the same place. Arrow keys move between cells, Enter or a click selects.
 */
export function CompareGrid(props: CompareGridProps) {
  const { methods, classes, cellAt, bounded, picture, look, setting, onSetting, values, unit, selected, onSelect } = props;
  const table = useRef<HTMLTableElement>(null);
  const [focus, setFocus] = useState<readonly [row: number, column: number]>([0, 0]);
  const [point, setPoint] = useState<Point | null>(null);

  const shown = new Map(
    methods.map((method) => [
      method.id,
      new Map(
        classes.map((of): [string, CompareCell] => {
          const cell = cellAt(method.id, of.id);
          return [of.id, cell.kind === 'ready' && values === 'density' ? { ...cell, map: densityOf(cell.map) } : cell];
        }),
      ),
    ]),
  );
  const maps = [...shown.values()]
    .flatMap((row) => [...row.values()])
    .flatMap((cell) => (cell.kind === 'ready' ? [cell.map] : []));
  const { limit, maximum } = useScale(maps, setting);
  const extent = picture ?? maps[0];
  const ratio = extent ? extent.width / extent.height : 1;
  const [area, space] = useSpace();
  const { turned, cell, names } = arrange(
    { width: space?.width ?? 0, height: bounded ? (space?.height ?? 0) : Infinity },
    methods.length,
    classes.length,
    ratio,
  );
  const [rows, columns] = turned ? [classes, methods] : [methods, classes];

  function onKeyDown(event: KeyboardEvent<HTMLTableElement>): void {
    const [row, column] = focus;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, columns.length - 1],
    };
    const next = moves[event.key];
    if (!next) return;
    table.current?.querySelector<HTMLElement>(`[data-place="${next[0]},${next[1]}"]`)?.focus();
    event.preventDefault();
  }

  return (
    <div className={styles.compare}>
      <div ref={area} className={styles.compareScroll} data-bounded={bounded || undefined}>
        <table
          ref={table}
          className={styles.compareTable}
          style={
            { '--cell': `${cell}px`, '--names': `${names}px`, '--ratio': ratio, '--columns': columns.length } as CSSProperties
          }
          onKeyDown={onKeyDown}
        >
          <caption className={shared.spoken}>Methods by classes on one colour scale. Arrow keys move between maps.</caption>
          <thead>
            <tr>
              <td />
              {columns.map(({ id, label, detail }) => (
                <th key={id} scope="col">
                  {label}
                  <small>{detail}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, y) => (
              <tr key={row.id}>
                <th scope="row">
                  {row.label}
                  <small>{row.detail}</small>
                </th>
                {columns.map((column, x) => {
                  const [method, of] = turned ? [column, row] : [row, column];
                  return (
                    <td key={column.id}>
                      <Cell
                        cell={shown.get(method.id)?.get(of.id) ?? { kind: 'empty' }}
                        name={`${method.label}, ${of.label}`}
                        place={`${y},${x}`}
                        picture={picture}
                        look={look}
                        limit={limit}
                        point={point}
                        onPoint={setPoint}
                        selected={selected?.method === method.id && selected.of === of.id}
                        reachable={focus[0] === y && focus[1] === x}
                        onFocus={() => setFocus([y, x])}
                        onSelect={() => onSelect(method.id, of.id)}
                      />
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Legend
        mode={look.mode}
        limit={limit}
        unit={values === 'density' ? '× an even spread over the map' : unit}
        setting={setting}
        onSetting={onSetting}
        maximum={maps.length > 0 ? maximum : undefined}
        threshold={look.threshold}
        contours={look.contours}
      />
    </div>
  );
}

/** One scale for all maps, found anew only when a map or the setting changes. */
function useScale(maps: readonly MapData[], setting: LimitSetting): { readonly limit: number; readonly maximum: number } {
  const last = useRef<{ maps: readonly MapData[]; setting: LimitSetting; limit: number; maximum: number }>(null);
  const old = last.current;
  if (old && old.setting === setting && old.maps.length === maps.length && old.maps.every((map, i) => map === maps[i]))
    return old;
  const fresh = {
    maps,
    setting,
    limit: resolveLimit(maps, setting),
    maximum: maps.reduce((maximum, map) => Math.max(maximum, maximumMagnitude(map.values)), 0),
  };
  last.current = fresh;
  return fresh;
}

interface CellProps {
  readonly cell: CompareCell;
  readonly name: string;
  /** “row,column”, by which the arrow keys find it. */
  readonly place: string;
  readonly picture: ImageData | null;
  readonly look: MapLook;
  readonly limit: number;
  readonly point: Point | null;
  readonly onPoint: (point: Point | null) => void;
  readonly selected: boolean;
  readonly reachable: boolean;
  readonly onFocus: () => void;
  readonly onSelect: () => void;
}

function Cell(props: CellProps) {
  const { cell, name, place, picture, look, limit, point, onPoint, selected, reachable, onFocus, onSelect } = props;
  const map = cell.kind === 'ready' ? cell.map : null;
  const value = map && point ? readAt(point, map, null).value : null;
  const state = stateOf(cell);
  return (
    <button
      type="button"
      className={styles.compareCell}
      aria-pressed={selected}
      aria-label={`${name}: ${state}`}
      aria-busy={cell.kind === 'pending'}
      data-place={place}
      tabIndex={reachable ? 0 : -1}
      onFocus={onFocus}
      onClick={onSelect}
    >
      <span
        className={styles.comparePicture}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onPoint({ y: (event.clientY - box.top) / box.height, x: (event.clientX - box.left) / box.width });
        }}
        onPointerLeave={() => onPoint(null)}
      >
        {map && <MapCanvas className={shared.canvas} picture={picture} map={map} look={look} limit={limit} alt="" />}
        {value !== null && <span className={styles.compareValue}>{formatReading(value, limit)}</span>}
        {map && point && <span className={styles.dot} style={{ left: `${100 * point.x}%`, top: `${100 * point.y}%` }} />}
        {cell.kind === 'pending' && (
          <progress
            className={shared.progress}
            aria-label={cell.label}
            {...(cell.fraction === null ? {} : { value: cell.fraction })}
          />
        )}
        {!map && (
          <span className={styles.compareNote} data-error={cell.kind === 'error' || undefined}>
            {state}
          </span>
        )}
      </span>
    </button>
  );
}

function stateOf(cell: CompareCell): string {
  switch (cell.kind) {
    case 'empty':
      return 'Not computed. Select to compute.';
    case 'pending':
      return cell.fraction === null ? cell.label : `${cell.label} · ${formatPercent(cell.fraction)}`;
    case 'error':
      return cell.message;
    case 'ready':
      return cell.alt;
  }
}
