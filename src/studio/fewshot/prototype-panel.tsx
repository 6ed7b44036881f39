import { useEffect, useState } from 'react';
import { predictedWays } from '../../fewshot/learner.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { useFewShot, useSettings, useStudio } from '../context.ts';
import panels from '../panels.module.css';
import { type Embedding, embed } from './embedding.ts';
import type { Answer, Board, LearnerState } from './fewshot-status.ts';
import { queryPlace } from './learning.ts';
import { type MapPoint, PrototypeMap } from './prototype-map.tsx';
import { useShownState } from './shown-state.ts';

/** Of the layout's random start: the same episode always lies the same way. */
const SEED = 1;

/** Where examples, questions and class means lie in the learner's feature space. */
export function PrototypePanel() {
  const { board, answer } = useFewShot(({ board, answer }) => ({ board, answer }));
  const state = useShownState();
  return (
    <section className={panels.section} aria-labelledby="map-heading">
      <h2 id="map-heading">Examples and class means (prototypes)</h2>
      {board && state?.adapted.kind === 'prototypes' ? (
        <Layout board={board} state={state} answer={answer} />
      ) : (
        <p className={panels.quiet}>A map of the examples and their class means will stand here.</p>
      )}
    </section>
  );
}

/** A picture of the reader's own has a place on the map too. */
function ownFeatures(answer: Answer | null): Float32Array | null {
  return answer !== null && answer.actual === null ? answer.prediction.features : null;
}

function Layout({ board, state, answer }: { board: Board; state: LearnerState; answer: Answer | null }) {
  const { settings } = useStudio();
  const query = useSettings(({ query }) => query);
  const [laidOut, setLaidOut] = useState<{ readonly points: readonly MapPoint[]; readonly method: Embedding['method'] } | null>(
    null,
  );
  const own = ownFeatures(answer);
  const ownPicture = own && answer ? answer.picture : null;
  useEffect(() => {
    let wanted = true;
    if (state.adapted.kind !== 'prototypes') return;
    const { prototypes, ways } = state.adapted;
    const queries = new Float32Array([...(state.queries?.features ?? []), ...(own ?? [])]);
    const space = { length: prototypes.length / ways, support: state.support.features, queries, prototypes };
    embed(space, SEED).then(
      (embedding) => wanted && setLaidOut({ points: pointsOf(board, embedding, ownPicture), method: embedding.method }),
      // Without the map everything else still says what it said; the next change tries again.
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [board, state, own, ownPicture]);
  if (!laidOut) return <p className={panels.quiet}>Laying out the map …</p>;
  const { points, method } = laidOut;
  const asked = points.flatMap(({ kind }, index) => (kind === 'query' ? [index] : []));
  const place = query && queryPlace(board, query);
  const chosen = (ownPicture ? asked.at(-1) : asked[place ?? -1]) ?? null;
  return (
    <PrototypeMap
      points={points}
      classes={board.classes.map(({ name }) => name)}
      chosen={chosen}
      taken={answer ? (predictedWays(answer.prediction.scores, board.classes.length)[0] ?? null) : null}
      method={method}
      onChoose={(index) => {
        const at = placeOf(board, asked.indexOf(index));
        if (at) settings.set({ query: at, ownQuery: null });
      }}
    />
  );
}

function pointsOf({ classes, queries }: Board, embedding: Embedding, own: Pixels | null): MapPoint[] {
  const flat = (lists: readonly (readonly Pixels[])[]) => lists.flatMap((list, way) => list.map((picture) => ({ way, picture })));
  const asked = [...flat(queries), ...(own ? [{ way: null, picture: own }] : [])];
  const of = (kind: MapPoint['kind'], at: Embedding['support'], what: readonly Pick<MapPoint, 'way' | 'picture'>[]) =>
    at.flatMap((point, index) => {
      const found = what[index];
      return found ? [{ kind, at: point, ...found }] : [];
    });
  return [
    ...of('support', embedding.support, flat(classes.map(({ examples }) => examples))),
    ...of('query', embedding.queries, asked),
    ...of(
      'prototype',
      embedding.prototypes,
      classes.map((_, way) => ({ way, picture: null })),
    ),
  ];
}

/** Way and number of the `place`-th query in class-major order. */
function placeOf({ queries }: Board, place: number): readonly [number, number] | null {
  let left = place;
  for (const [way, { length }] of queries.entries()) {
    if (left >= 0 && left < length) return [way, left];
    left -= length;
  }
  return null;
}
