import { Button, SegmentedControl } from '@mantine/core';
import { useMemo } from 'react';
import { toImageData } from '../pictures.ts';
import { resolveLimit } from '../seeing/colormap.ts';
import { finding } from '../seeing/finding.ts';
import { Legend } from '../seeing/Legend.tsx';
import { MapView } from '../seeing/MapView.tsx';
import { formatNumber } from '../seeing/numbers.ts';
import { DEFAULT_LIMIT, DEFAULT_LOOK, type MapLook, type ViewStatus } from '../seeing/types.ts';
import type { REASONS } from './fewshot-settings.ts';
import type { Board, Why } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import styles from './query.module.css';

export type Reason = (typeof REASONS)[number];

export interface WhyPanelProps {
  readonly board: Board;
  /** The learner's title, for the map's caption. */
  readonly learner: string;
  readonly why: Why | null;
  readonly reason: Reason;
  readonly onReason: (reason: Reason) => void;
  /** Goes back to the predicted class; null where it is the predicted one that is asked about. */
  readonly onPredicted: (() => void) | null;
  readonly status?: ViewStatus;
}

const REASON_OPTIONS = [
  { value: 'srd', label: 'Where it looked' },
  { value: 'nearest', label: 'Nearest' },
];

/** Drawings are black and white as they are, and their few pixels are what the map is about. */
const LOOK: MapLook = { ...DEFAULT_LOOK, smooth: false };
const UNIT = 'share of the score per pixel';

/** Why the picture asked about is taken for what it is. */
export function WhyPanel({ board, learner, why, reason, onReason, onPredicted, status }: WhyPanelProps) {
  return (
    <section className={styles.why} aria-label="Why">
      <div className={styles.whyHead}>
        <h2>Why</h2>
        <SegmentedControl
          size="xs"
          aria-label="Why"
          data={REASON_OPTIONS}
          value={reason}
          onChange={(value) => onReason(value as Reason)}
        />
      </div>
      {reason === 'srd' ? (
        <Relevance
          board={board}
          learner={learner}
          onPredicted={onPredicted}
          why={why?.kind === 'srd' ? why : null}
          {...(status ? { status } : {})}
        />
      ) : (
        <Nearest board={board} why={why?.kind === 'nearest' ? why : null} />
      )}
    </section>
  );
}

interface RelevanceProps extends Pick<WhyPanelProps, 'board' | 'learner' | 'onPredicted' | 'status'> {
  readonly why: Extract<Why, { kind: 'srd' }> | null;
}

function Relevance({ board, learner, why, onPredicted, status }: RelevanceProps) {
  const seen = useMemo(() => (why ? toImageData(why.seen) : null), [why]);
  const limit = why ? resolveLimit([why.map], DEFAULT_LIMIT) || 1 : 1;
  const target = why ? (board.classes[why.way]?.name ?? '') : '';
  const explained = why && { model: learner, method: 'SRD', target, layer: null, start: null };
  return (
    <>
      <div className={styles.forClass}>
        <p className={styles.forName}>
          {why && (
            <>
              For and against <strong>{target}</strong>
            </>
          )}
        </p>
        <p className={styles.quiet}>
          {why && (why.way === why.taken ? 'Press another class to ask about it.' : 'which it is not taken for')}
        </p>
        {onPredicted && (
          <Button size="compact-xs" variant="default" onClick={onPredicted}>
            To the likeliest
          </Button>
        )}
      </div>
      <div className={styles.map}>
        <MapView
          picture={seen}
          map={why?.map ?? null}
          look={LOOK}
          limit={limit}
          unit={UNIT}
          explained={explained}
          alt={why && explained ? finding(why.map, explained) : 'No map yet'}
          empty="What in the picture speaks for the class, and what against it, will be seen here."
          {...(status ? { status } : {})}
        />
      </div>
      {why && <Legend mode="signed" limit={limit} unit={UNIT} setting={DEFAULT_LIMIT} />}
    </>
  );
}

const THUMBNAIL = 44;

/** The examples whose features are nearest to the picture's. */
function Nearest({ board, why }: { board: Board; why: Extract<Why, { kind: 'nearest' }> | null }) {
  if (!why) return <p className={styles.quiet}>The examples most like it in the learner’s eyes will stand here.</p>;
  const examples = board.classes.flatMap(({ name, examples }) => examples.map((pixels, i) => ({ name, pixels, number: i + 1 })));
  return (
    <>
      <ol className={styles.nearest} aria-label="Nearest examples">
        {why.examples.map(({ index, distance }) => {
          const example = examples[index];
          return (
            example && (
              <li key={index} className={styles.near}>
                <span className={styles.nearFace}>
                  <PictureCanvas
                    pixels={example.pixels}
                    side={THUMBNAIL}
                    alt={`Example ${example.number} of ${example.name}, distance ${formatNumber(distance)}`}
                  />
                </span>
                <span className={styles.nearName} title={example.name} aria-hidden="true">
                  {example.name}
                </span>
                <span className={styles.quiet} aria-hidden="true">
                  {formatNumber(distance)}
                </span>
              </li>
            )
          );
        })}
      </ol>
      <p className={styles.quiet}>Nearest first, with the distance between feature vectors.</p>
    </>
  );
}
