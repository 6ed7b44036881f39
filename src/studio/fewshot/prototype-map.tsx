import { Button, Switch } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { symbol } from 'd3-shape';
import { type CSSProperties, type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import panels from '../panels.module.css';
import { csvTable } from '../seeing/csv.ts';
import { download } from '../seeing/download.ts';
import { useWidth } from '../seeing/use-width.ts';
import { classColour, classShape } from './class-look.ts';
import { type Box, cutName, fitPoints, placeNames, type Spot } from './map-layout.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import styles from './prototype-map.module.css';

export interface MapPoint {
  readonly kind: 'support' | 'query' | 'prototype';
  /** Its class; of a query null where nobody knows it. */
  readonly way: number | null;
  /** In the map’s own units, which mean nothing. */
  readonly at: readonly [number, number];
  /** null for prototypes, which are means. */
  readonly picture: Pixels | null;
}

export interface PrototypeMapProps {
  readonly points: readonly MapPoint[];
  /** Names of the episode’s classes, by way. */
  readonly classes: readonly string[];
  /** Which point is asked about; null where none is. */
  readonly chosen: number | null;
  /** The class the chosen point is taken for. */
  readonly taken: number | null;
  /** How the map was made. */
  readonly method: 'umap' | 'pca';
  /** Called with the index of a query that is to be asked about. */
  readonly onChoose: (index: number) => void;
}

const MARGIN = 28;
const PICTURE = 24;
const DOT = 14;
const MEAN_AREA = 220;
/** From the middle of a mean’s mark to its rim. */
const MEAN_REACH = 9;
const NAME_HEIGHT = 16;
/** Kept free on both sides of a name. */
const NAME_ROOM = 4;
/** Share of the field’s width. */
const LONGEST_NAME = 0.5;
const SHOWN_PICTURE = 72;
const MOST_HEIGHT = 420;
/** With more pictures than this they hide each other; dots are shown unless asked otherwise. */
const CROWDED = 90;

/** Examples, questions and class means in the learner’s feature space, laid out in two dimensions. */
export function PrototypeMap({ points, classes, chosen, taken, method, onChoose }: PrototypeMapProps) {
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const [pictures, setPictures] = useState<boolean | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const shown = pictures ?? points.length <= CROWDED;
  const height = Math.min(MOST_HEIGHT, Math.max(240, Math.round(width * 0.75)));
  const spots = useMemo(
    () =>
      fitPoints(
        points.map(({ at }) => at),
        width,
        height,
        MARGIN,
      ),
    [points, width, height],
  );
  const says = (point: MapPoint) => sayPoint(point, classes);

  return (
    <figure className={styles.map}>
      <div ref={holder} className={styles.field} style={{ height }}>
        {width > 0 && (
          <>
            <Threads points={points} spots={spots} chosen={chosen} taken={taken} width={width} height={height} />
            <Marks
              points={points}
              spots={spots}
              pictures={shown}
              chosen={chosen}
              onPoint={setPointed}
              onChoose={onChoose}
              says={says}
            />
            <Means points={points} spots={spots} classes={classes} width={width} height={height} />
            {pointed !== null && <Hint point={points[pointed]} spot={spots[pointed]} width={width} says={says} />}
          </>
        )}
      </div>
      <figcaption className={styles.foot}>
        <span className={styles.key}>
          <span>
            <Key kind="support" /> example
          </span>
          <span>
            <Key kind="query" /> query
          </span>
          <span>
            <Key kind="prototype" /> class mean
          </span>
        </span>
        <Switch size="xs" label="Pictures" checked={shown} onChange={({ currentTarget }) => setPictures(currentTarget.checked)} />
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconDownload size={14} />}
          onClick={() => download(new Blob([mapCsv(points, classes)], { type: 'text/csv' }), 'prototype-map.csv')}
        >
          CSV
        </Button>
      </figcaption>
      <p className={panels.quiet}>
        {method === 'umap'
          ? 'UMAP keeps neighbourhoods, not distances: who is near whom means something, how far apart two groups are does not. The learner itself compares true distances in feature space.'
          : 'Too few points for UMAP: these are their two principal components.'}
      </p>
    </figure>
  );
}

function sayPoint({ kind, way }: MapPoint, classes: readonly string[]): string {
  const name = way === null ? 'of unknown class' : `of ${classes[way] ?? way + 1}`;
  return { support: `Example ${name}`, query: `Query ${name}`, prototype: `Mean ${name}` }[kind];
}

function mapCsv(points: readonly MapPoint[], classes: readonly string[]): string {
  return csvTable(
    ['kind', 'class', 'x', 'y'],
    points.map(({ kind, way, at }) => [kind, way === null ? '' : (classes[way] ?? ''), ...at]),
  );
}

function path(way: number | null, size: number): string {
  return symbol(classShape(way ?? 0), size)() ?? '';
}

interface LayerProps {
  readonly points: readonly MapPoint[];
  readonly spots: readonly Spot[];
  readonly width: number;
  readonly height: number;
}

/** A thread from each class mean to its examples, and from the query to the mean of the class it is taken for. */
function Threads({
  points,
  spots,
  width,
  height,
  chosen,
  taken,
}: LayerProps & { readonly chosen: number | null; readonly taken: number | null }) {
  const meanOf = (way: number | null) => spots[points.findIndex((point) => point.kind === 'prototype' && point.way === way)];
  const thread = (from: Spot | undefined, to: Spot | undefined) =>
    from && to ? `M${from.x} ${from.y}L${to.x} ${to.y}` : undefined;
  return (
    <svg className={styles.layer} width={width} height={height} aria-hidden="true">
      {points.map(({ kind, way }, index) =>
        kind === 'support' && way !== null ? (
          <path key={index} className={styles.thread} stroke={classColour(way)} d={thread(spots[index], meanOf(way))} />
        ) : null,
      )}
      {chosen !== null && taken !== null && <path className={styles.taken} d={thread(spots[chosen], meanOf(taken))} />}
    </svg>
  );
}

/** Class means with their names, above the pictures they are the means of. */
function Means({ points, spots, classes, width, height }: LayerProps & { readonly classes: readonly string[] }) {
  const means = useMemo(() => {
    const found = points.flatMap(({ kind, way }, index) => {
      const spot = spots[index];
      return kind === 'prototype' && way !== null && spot ? [{ way, spot }] : [];
    });
    const names = found.map(({ way }) => cutName(classes[way] ?? '', LONGEST_NAME * width, nameWidth));
    const sizes = names.map((name) => ({ width: Math.ceil(nameWidth(name)) + 2 * NAME_ROOM, height: NAME_HEIGHT }));
    const boxes = placeNames(
      found.map(({ spot }) => spot),
      sizes,
      { width, height },
      MEAN_REACH,
    );
    return found.map((mean, index) => ({ ...mean, name: names[index] ?? '', box: boxes[index] }));
  }, [points, spots, classes, width, height]);
  return (
    <svg className={styles.layer} data-above width={width} height={height} aria-hidden="true">
      {means.map(({ way, spot, box }) => (
        <g key={way}>
          {box && <path className={styles.lead} stroke={classColour(way)} d={lead(spot, box)} />}
          <path
            className={styles.mean}
            transform={`translate(${spot.x} ${spot.y})`}
            d={path(way, MEAN_AREA)}
            fill={classColour(way)}
          />
        </g>
      ))}
      {means.map(
        ({ way, name, box }) =>
          box && (
            <text key={way} className={styles.name} x={box.x + NAME_ROOM} y={box.y + box.height / 2} dy="0.35em">
              {name}
            </text>
          ),
      )}
    </svg>
  );
}

/** From a mean to the nearest point of its name; what is short lies under the mark. */
function lead({ x, y }: Spot, box: Box): string {
  const nearest = (value: number, from: number, length: number) => Math.min(Math.max(value, from), from + length);
  return `M${x} ${y}L${nearest(x, box.x, box.width)} ${nearest(y, box.y, box.height)}`;
}

let ruler: CanvasRenderingContext2D | null = null;

/** Width of a name as it is written on the map, in CSS pixels. */
function nameWidth(name: string): number {
  ruler ??= document.createElement('canvas').getContext('2d');
  if (!ruler) return 7 * name.length;
  ruler.font = `550 12px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(name).width;
}

interface MarksProps {
  readonly points: readonly MapPoint[];
  readonly spots: readonly Spot[];
  readonly pictures: boolean;
  readonly chosen: number | null;
  readonly onPoint: (index: number | null) => void;
  readonly onChoose: (index: number) => void;
  readonly says: (point: MapPoint) => string;
}

/** Examples and queries, one reachable at a time: arrow keys go on to the next, Enter asks about a query. */
function Marks({ points, spots, pictures, chosen, onPoint, onChoose, says }: MarksProps) {
  const list = useRef<HTMLUListElement>(null);
  const marks = points.flatMap(({ kind }, index) => (kind === 'prototype' ? [] : [index]));
  const [reached, setReached] = useState<number | null>(null);
  const reachable = reached !== null && marks.includes(reached) ? reached : (chosen ?? marks[0]);

  function onKeyDown(event: KeyboardEvent): void {
    const at = marks.indexOf(reachable ?? -1);
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: marks.length - 1,
    };
    const next = marks[moves[event.key] ?? -1];
    if (next === undefined) return;
    event.preventDefault();
    list.current?.querySelector<HTMLElement>(`[data-mark="${next}"]`)?.focus();
  }

  return (
    <ul ref={list} className={styles.marks} aria-label="Map of examples and queries" onKeyDown={onKeyDown}>
      {marks.map((index) => {
        const point = points[index];
        const spot = spots[index];
        if (!point || !spot) return null;
        const side = pictures && point.picture ? PICTURE : DOT;
        return (
          <li key={index} style={{ left: spot.x, top: spot.y, zIndex: index === chosen ? 2 : point.kind === 'query' ? 1 : 0 }}>
            <button
              type="button"
              className={styles.mark}
              data-mark={index}
              data-kind={point.kind}
              aria-label={says(point)}
              aria-pressed={point.kind === 'query' ? index === chosen : undefined}
              aria-disabled={point.kind !== 'query'}
              tabIndex={index === reachable ? 0 : -1}
              style={
                {
                  '--class': point.way === null ? 'var(--mantine-color-text)' : classColour(point.way),
                  width: side,
                  height: side,
                } as CSSProperties
              }
              onFocus={() => {
                setReached(index);
                onPoint(index);
              }}
              onBlur={() => onPoint(null)}
              onPointerEnter={() => onPoint(index)}
              onPointerLeave={() => onPoint(null)}
              onClick={() => point.kind === 'query' && onChoose(index)}
            >
              {pictures && point.picture ? (
                <span className={styles.picture}>
                  <PictureCanvas pixels={point.picture} side={PICTURE} alt="" />
                </span>
              ) : (
                <svg viewBox="-8 -8 16 16" aria-hidden="true">
                  <path d={path(point.way, 70)} />
                </svg>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The picture under the pointer, larger, and what it is. */
function Hint({
  point,
  spot,
  width,
  says,
}: {
  point: MapPoint | undefined;
  spot: Spot | undefined;
  width: number;
  says: (point: MapPoint) => string;
}) {
  if (!point || !spot) return null;
  return (
    <div className={styles.hint} data-left={spot.x > width / 2 || undefined} style={{ left: spot.x, top: spot.y }}>
      {point.picture && (
        <span className={styles.large}>
          <PictureCanvas pixels={point.picture} side={SHOWN_PICTURE} alt="" />
        </span>
      )}
      <span>{says(point)}</span>
    </div>
  );
}

function Key({ kind }: { kind: MapPoint['kind'] }) {
  return (
    <svg className={styles.keyMark} viewBox="-8 -8 16 16" width={14} height={14} data-kind={kind} aria-hidden="true">
      <path d={path(0, kind === 'prototype' ? 150 : 70)} />
    </svg>
  );
}
