import { useEffect, useRef, useState } from 'react';
import { predictedWays } from '../../fewshot/learner.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { ACCEPT, action } from '../actions.ts';
import { useFewShot, usePerform, useSettings, useStudio } from '../context.ts';
import panels from '../panels.module.css';
import { askedClass, pressClass, shownClass } from './asked-class.ts';
import type { BoardEdits, Means } from './board-edits.ts';
import { likeliest } from './board-words.ts';
import { addClass, addExamples, duplicateClass, removeClass, removeExample, renameClass } from './edit-episode.ts';
import { EpisodeBoard } from './episode-board.tsx';
import { ExampleCapture } from './example-capture.tsx';
import { FewShotProblem } from './fewshot-problem.tsx';
import type { Board } from './fewshot-status.ts';
import { MOST_EXAMPLES, type OwnEpisode } from './own-episode.ts';
import { encodePicture } from './picture-text.ts';
import { QueryPane, type QuerySource } from './query-pane.tsx';
import { useShownState } from './shown-state.ts';
import styles from './teach.module.css';
import { WhyPanel } from './why-panel.tsx';

/** Whose examples are being added, and how. */
interface Adding {
  readonly way: number;
  readonly means: Exclude<Means, 'file'>;
}

/** The board, and beside it what is asked and answered. */
export function TeachView() {
  const board = useFewShot(({ board }) => board);
  if (!board) return <p className={panels.empty}>Classes with a few examples of each will stand here.</p>;
  return <Teaching key={String(board.own)} board={board} />;
}

function Teaching({ board }: { board: Board }) {
  const [adding, setAdding] = useState<Adding | null>(null);
  const { query, ownQuery } = useSettings(({ query, ownQuery }) => ({ query, ownQuery }));
  /** What is asked about where it is no query of the board. An empty sheet cannot show a picture that is asked about already. */
  const [source, setSource] = useState<QuerySource>(query === null && ownQuery === null ? 'pad' : 'board');
  const entry = adding && board.classes[adding.way];
  return (
    <div className={styles.teach}>
      <div className={styles.board}>
        <Examples board={board} onAdding={setAdding} onAskExample={() => setSource('board')} />
      </div>
      <div className={styles.side}>
        {adding && entry ? (
          <Capture board={board} adding={adding} onClose={() => setAdding(null)} />
        ) : (
          <Question board={board} source={query === null ? source : 'board'} onSource={setSource} />
        )}
      </div>
    </div>
  );
}

/** Edits of the reader's episode, each a step of undo. */
function useEdits(board: Board, onAdding: (adding: Adding) => void): BoardEdits {
  const { fewshot, host } = useStudio();
  const edit = (change: (episode: OwnEpisode) => OwnEpisode) => void fewshot.edit(change);
  return {
    onAddClass: () => {
      edit((episode) => addClass(episode));
      onAdding({ way: board.classes.length, means: 'draw' });
    },
    onRemoveClass: (way) => edit((episode) => removeClass(episode, way)),
    onRenameClass: (way, name) => edit((episode) => renameClass(episode, way, name)),
    onDuplicateClass: (way) => edit((episode) => duplicateClass(episode, way)),
    onAdd: (way, means) => {
      if (means === 'file') host.pickFiles(ACCEPT.picture, false, (files) => void fewshot.addFiles(way, files));
      else onAdding({ way, means });
    },
    onRemoveExample: (way, index) => edit((episode) => removeExample(episode, way, index)),
  };
}

interface ExamplesProps {
  readonly board: Board;
  readonly onAdding: (adding: Adding) => void;
  readonly onAskExample: () => void;
}

function Examples({ board, onAdding, onAskExample }: ExamplesProps) {
  const { settings, fewshot } = useStudio();
  const perform = usePerform();
  const edits = useEdits(board, onAdding);
  const state = useShownState();
  const { query } = useSettings(({ query }) => ({ query }));
  const domain = useFewShot(({ learner }) => learner?.card.domain ?? 'drawings');
  const ways = board.classes.length;
  return (
    <EpisodeBoard
      board={board}
      support={state && predictedWays(state.support.scores, ways)}
      queries={state?.queries ? predictedWays(state.queries.scores, ways) : null}
      selected={query}
      onAsk={(way, index) => settings.set({ query: [way, index], ownQuery: null })}
      onAskExample={(way, index) => {
        const picture = board.classes[way]?.examples[index];
        if (!picture) return;
        onAskExample();
        void fewshot.ask(picture);
      }}
      edits={edits}
      means={MEANS[domain]}
      onUndo={() => perform(action('undo'))}
    />
  );
}

function Capture({ board, adding, onClose }: { board: Board; adding: Adding; onClose: () => void }) {
  const { fewshot } = useStudio();
  const { way, means } = adding;
  const entry = board.classes[way];
  if (!entry) return null;

  async function add(pixels: Pixels): Promise<void> {
    const drawn = means === 'draw';
    const image = await encodePicture(pixels, drawn ? 'drawings' : 'photographs');
    await fewshot.edit((episode) => addExamples(episode, way, [{ image, origin: drawn ? 'drawn' : 'camera' }]));
  }

  return (
    <ExampleCapture
      key={`${way} ${means}`}
      entry={entry}
      means={means}
      room={MOST_EXAMPLES - entry.examples.length}
      onPicture={(pixels) => void add(pixels).catch((error: unknown) => fewshot.report('board', error))}
      onClose={onClose}
    />
  );
}

/** How examples can be added, the usual way first. */
const MEANS: Readonly<Record<LearnerCard['domain'], readonly Means[]>> = {
  drawings: ['draw', 'camera', 'file'],
  photographs: ['camera', 'file', 'draw'],
};

/** A picture that has not changed for so long stays, and gets a reason. Milliseconds. */
const SETTLED_AFTER = 500;

interface QuestionProps {
  readonly board: Board;
  readonly source: QuerySource;
  readonly onSource: (source: QuerySource) => void;
}

function Question({ board, source, onSource }: QuestionProps) {
  const { settings, fewshot } = useStudio();
  const { query, ...asking } = useSettings(({ query, reason, forClass }) => ({ query, reason, forClass }));
  const { answer, why, learner, whyRuns, answering } = useFewShot(({ answer, why, learner, activities }) => ({
    answer,
    why,
    learner,
    whyRuns: activities.why !== undefined,
    answering: activities.query !== undefined || activities.adapt !== undefined,
  }));
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(settling.current), []);

  const probabilities = answer?.prediction.probabilities ?? null;
  const predicted = likeliest(probabilities);
  const ways = board.classes.length;

  function look(picture: Pixels | null): Promise<void> {
    clearTimeout(settling.current);
    if (picture) settling.current = setTimeout(() => void fewshot.ask(picture), SETTLED_AFTER);
    else settings.set({ ownQuery: null });
    return fewshot.askLive(picture);
  }

  return (
    <QueryPane
      board={board}
      source={source}
      onSource={(next) => {
        onSource(next);
        clearTimeout(settling.current);
        if (next === 'board') void fewshot.ask(null);
        else settings.set({ query: null, ownQuery: null });
      }}
      picture={answer?.picture ?? (query && board.queries[query[0]]?.[query[1]]) ?? null}
      actual={answer ? answer.actual : (query?.[0] ?? null)}
      probabilities={probabilities}
      shown={shownClass(asking, predicted, ways)}
      onPressClass={(way) => settings.set(pressClass(way, asking, predicted, ways))}
      busy={answering}
      onDraw={(pixels) => void look(pixels)}
      onFrame={look}
    >
      <WhyPanel
        board={board}
        learner={learner?.card.title ?? ''}
        why={why}
        reason={asking.reason}
        onReason={(next) => settings.set({ reason: next })}
        onPredicted={askedClass(asking, null, ways) === null ? null : () => settings.set({ forClass: null })}
        status={whyRuns && !why ? { kind: 'running', label: 'Looking for the reason', fraction: null } : { kind: 'ready' }}
      />
      <FewShotProblem place="why" retry />
    </QueryPane>
  );
}
