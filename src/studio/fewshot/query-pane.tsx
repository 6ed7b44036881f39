import { SegmentedControl } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import { answerSentence, likeliest } from './board-words.ts';
import { CameraView } from './camera-view.tsx';
import { DrawingPad } from './drawing-pad.tsx';
import type { Board } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import { Probabilities } from './probabilities.tsx';
import styles from './query.module.css';

/** Where the picture asked about comes from. */
export type QuerySource = 'pad' | 'camera' | 'board';

export interface QueryPaneProps {
  readonly board: Board;
  readonly source: QuerySource;
  readonly onSource: (source: QuerySource) => void;
  /** The picture asked about; what pad and camera show is theirs. */
  readonly picture: Pixels | null;
  /** Its class, where it is known. */
  readonly actual: number | null;
  /** By way; null without an answer. */
  readonly probabilities: Float32Array | null;
  /** The class a reason is shown for; null where none is. */
  readonly shown: number | null;
  readonly onPressClass: (way: number) => void;
  /** Whether the answer is of an older picture or learner, and the next one on its way. */
  readonly busy?: boolean;
  /** What is on the sheet; null for an empty sheet and a camera that shows nothing: then nothing is asked about. */
  readonly onDraw: (pixels: Pixels | null) => void;
  readonly onFrame: (pixels: Pixels) => Promise<void> | void;
  /** Why it is taken for that: a `WhyPanel`. */
  readonly children?: ReactNode;
}

/** A live answer changes several times a second; what is read out is one that stands. Milliseconds. */
const SETTLED_AFTER = 800;
const SHOWN_SIDE = 112;

/** What is asked about, and what the adapted learner says of it. */
export function QueryPane(props: QueryPaneProps) {
  const { board, source, onSource, picture, actual, probabilities, shown, onPressClass } = props;
  const { busy = false, onDraw, onFrame, children } = props;
  const [asked, setAsked] = useState(false);
  /** The drawing outlasts a look at the camera or the board. */
  const drawn = useRef<Pixels | null>(null);
  const queries = board.queries.some(({ length }) => length > 0);
  const options = [
    { value: 'pad', label: 'Draw' },
    { value: 'camera', label: 'Camera' },
    // A query is shown where it was chosen; without queries an example may be.
    { value: 'board', label: 'From the board' },
  ];

  function choose(value: string): void {
    const next = value as QuerySource;
    setAsked(true);
    onSource(next);
    if (next !== 'board') onDraw(next === 'pad' ? drawn.current : null);
  }

  return (
    <section className={styles.pane} aria-label="Ask">
      <div className={styles.columns} data-source={source}>
        <div className={styles.asked}>
          <SegmentedControl fullWidth size="xs" aria-label="Ask about" data={options} value={source} onChange={choose} />
          <div hidden={source !== 'pad'}>
            <DrawingPad
              label="What is this?"
              hint="Draw one, about as large as this frame"
              onDraw={(pixels) => {
                drawn.current = pixels;
                onDraw(pixels);
              }}
            />
          </div>
          {source === 'camera' && <CameraView label="Camera" starts={asked} onFrame={onFrame} onStop={() => onDraw(null)} />}
          {source === 'board' && (
            <div className={styles.chosen}>
              {picture ? (
                <PictureCanvas pixels={picture} side={SHOWN_SIDE} alt={chosenName(board, actual)} />
              ) : (
                <p>{queries ? 'Choose a query on the board.' : 'Choose a picture on the board.'}</p>
              )}
            </div>
          )}
        </div>
        <div className={styles.said} aria-busy={busy}>
          <Answer board={board} picture={picture} probabilities={probabilities} actual={actual} />
          <Probabilities classes={board.classes} probabilities={probabilities} shown={shown} onPress={onPressClass} />
        </div>
      </div>
      {children}
    </section>
  );
}

function chosenName({ classes }: Board, actual: number | null): string {
  return actual === null ? 'The picture asked about' : `A picture of ${classes[actual]?.name ?? actual + 1}`;
}

/** Always two lines high, whatever is known. */
function Answer({
  board,
  picture,
  probabilities,
  actual,
}: Pick<QueryPaneProps, 'board' | 'picture' | 'probabilities' | 'actual'>) {
  const sentence = answerSentence(board, probabilities, actual);
  const spoken = useSettled(sentence);
  const best = likeliest(probabilities);
  return (
    <div className={styles.answer}>
      <p className={styles.verdict} aria-hidden="true">
        {best === null ? 'No answer yet' : answerSentence(board, probabilities, null)}
      </p>
      <p className={styles.quiet} aria-hidden="true">
        {best === null && !picture && 'Ask about a picture.'}
        {best !== null && actual !== null && (actual === best ? '✓ right' : `✗ it is ${board.classes[actual]?.name}`)}
      </p>
      <p className={styles.spoken} role="status">
        {spoken}
      </p>
    </div>
  );
}

function useSettled(words: string): string {
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(words), SETTLED_AFTER);
    return () => clearTimeout(timer);
  }, [words]);
  return settled;
}
