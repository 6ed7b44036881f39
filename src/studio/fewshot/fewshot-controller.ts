/**
 * Keeps the few-shot workspace in step with the settings: opens the learner, lays out the episode, adapts, answers the query and
 * says why. It knows neither React nor the DOM.
 *
 * Every change calls `reconcile`, which compares wanted with present and starts the next thing missing; a task whose key is no
 * longer wanted gives way. States after each inner step are kept while board, learner and assignments stay.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { predictedWays } from '../../fewshot/learner.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { nearestExamples } from '../../fewshot/support-state.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { CANCELLED } from '../jobs.ts';
import type { SettingsStore } from '../store.ts';
import { asMessage } from '../workbench.ts';
import { askedClass, followClass } from './asked-class.ts';
import { Comparison } from './comparison.ts';
import { addExamples } from './edit-episode.ts';
import { readEpisodeFile, writeEpisodeFile } from './episode-file.ts';
import { EvaluationRun } from './evaluation-run.ts';
import { FewShotBench, type FewShotSurroundings } from './fewshot-bench.ts';
import { assignmentsOf, boardKey, episodeOf, FIRST_QUERY, NEW_QUESTION, NO_QUESTION, stepsWanted } from './fewshot-plan.ts';
import { MOST_SHOTS } from './fewshot-settings.ts';
import {
  type Board,
  FEWSHOT_LANES,
  type FewShotPlace,
  type FewShotStatus,
  INITIAL_FEWSHOT,
  type LearnerState,
  type Why,
} from './fewshot-status.ts';
import { fitsOwnEpisode, ownEpisodeFrom } from './folder-pool.ts';
import {
  answerTo,
  type BoardInputs,
  heldPredictions,
  inputsKey,
  type Learning,
  learningKey,
  prepareBoard,
  queryPlace,
  rowOf,
  stateAfter,
  taken,
} from './learning.ts';
import type { OwnEpisode } from './own-episode.ts';
import type { StudioPool } from './pool.ts';

export interface FewShotController {
  readonly status: StoreApi<FewShotStatus>;
  /** Begins to follow the settings; returns what stops it. */
  start(): () => void;
  /**
   * Changes the reader's own episode. Where the board shows one drawn from a pool, that becomes the reader's own first. Each
   * change is a step of undo.
   */
  edit(change: (episode: OwnEpisode) => OwnEpisode): Promise<void>;
  /** Asks about a picture of the reader's; null goes back to the board's queries. */
  ask(picture: Pixels | null): Promise<void>;
  /** Asks while the picture is still changing: only the latest counts, and nothing is kept. Resolves when it is answered. */
  askLive(picture: Pixels | null): Promise<void>;
  /** Takes the reader's folders of images: few are the classes of an own episode, many a pool to draw from. */
  takeFolders(files: readonly File[]): Promise<void>;
  /** Adds picture files to a class. */
  addFiles(way: number, files: readonly File[]): Promise<void>;
  /** Opens an episode file. The present episode stays when that fails. */
  openEpisode(text: string): Promise<void>;
  /** What is on the board as an episode file; null where nothing is. @throws HeliographError */
  episodeFile(): Promise<string | null>;
  /** Goes to a learner, and to pictures that suit it unless they are the reader's own. */
  chooseLearner(card: LearnerCard): void;
  /** Goes to a pool, and to a learner that suits it. */
  choosePool(id: string, domain: LearnerCard['domain']): void;
  /** The adapted network that is shown as an ONNX file; null where there is none. @throws HeliographError */
  frozen(): Promise<Uint8Array | null>;
  /** Runs the evaluation the settings describe, from the beginning. */
  evaluate(): void;
  /** Ends what runs; what was computed stays. */
  cancel(): void;
  /** Tries again whatever failed or was stopped. */
  retry(): void;
  report(place: FewShotPlace, problem: unknown): void;
}

/** What of a course of learning the settings decide. */
type Adapting = Pick<Learning, 'learner' | 'assignments' | 'learningRate'>;

/** The pool a learner of a domain begins with. */
const POOL_OF: Readonly<Record<LearnerCard['domain'], string>> = { drawings: 'glyphs', photographs: 'gallery' };

/** @param status where what it knows is seen; one that others follow already may be given */
export function createFewShot(
  settings: SettingsStore,
  around: FewShotSurroundings,
  status: StoreApi<FewShotStatus> = createStore(() => INITIAL_FEWSHOT),
): FewShotController {
  const bench = new FewShotBench(settings, around, status, reconcile);
  const { engine } = around;
  const comparison = new Comparison(bench);
  const evaluation = new EvaluationRun(bench);
  let inputs: BoardInputs | null = null;
  /** The picture that is being drawn or seen by the camera, not yet kept. */
  let live: Pixels | null = null;
  let liveCount = 0;
  /** The reader's picture, numbered anew with each that differs from the one before; not decoded yet where `pixels` is null. */
  let ownQuery: { readonly address: string; readonly number: number; readonly pixels: Pixels | null } | null = null;
  /** What was predicted before the nodes were shuffled, and of which learning but for the order. */
  let beforeShuffle: { readonly inputs: string; readonly state: LearnerState } | null = null;
  /** Own episodes by the order in which they came. */
  const revisions = new WeakMap<OwnEpisode, number>();
  let revisionCount = 0;
  const revision = (episode: OwnEpisode | null) => {
    if (episode === null) return 0;
    const known = revisions.get(episode);
    if (known !== undefined) return known;
    revisionCount += 1;
    revisions.set(episode, revisionCount);
    return revisionCount;
  };

  function ownPicture(address: string, pixels: Pixels | null = null) {
    if (ownQuery?.address === address && (ownQuery.pixels || !pixels)) return ownQuery;
    ownQuery = { address, number: (ownQuery?.number ?? 0) + 1, pixels };
    return ownQuery;
  }

  function reconcile(): void {
    if (settings.get().workspace !== 'few-shot') return;
    followCards();
    followLearner();
    followBoard();
    followStates();
    followAnswer();
    followWhy();
    comparison.follow(askedPicture());
    evaluation.follow();
  }

  function followCards(): void {
    if (bench.now.cards.length > 0) return;
    bench.pursue('learner', {
      lane: 'cards',
      key: 'cards',
      label: 'Reading the list of learners',
      run: () => around.learners.cards(),
      done: (cards) => bench.set({ cards }),
    });
  }

  function followLearner(): void {
    const { learner: name } = settings.get();
    if (bench.now.cards.length === 0 || bench.now.learner?.name === name) return;
    bench.pursue('learner', {
      lane: 'learner',
      key: `learner ${name}`,
      label: 'Opening the learner',
      run: async (job, onProgress) => {
        const card = bench.card(name);
        return { name, id: await bench.open(card, job, onProgress), card };
      },
      done: (learner) => bench.set({ learner, states: [], answer: null, why: null, held: null }),
    });
  }

  /** The pool the board is drawn from; null for an own episode, undefined where it is not there yet. */
  function poolOf(): StudioPool | null | undefined {
    const { pool: id } = settings.get();
    return id === null ? null : bench.now.pools.find((pool) => pool.id === id);
  }

  function followBoard(): void {
    const now = settings.get();
    const key = boardKey(now, revision);
    if (bench.now.board?.key === key) return;
    bench.pursue('board', {
      lane: 'board',
      key: `board ${key}`,
      label: 'Laying out the episode',
      run: () => (now.pool === null ? ownBoard(key, now.ownEpisode) : poolBoard(key)),
      done: (board) => bench.set({ board, states: [], answer: null, why: null, held: null }),
    });
  }

  async function ownBoard(key: string, episode: OwnEpisode | null): Promise<Board> {
    const classes = await Promise.all(
      (episode?.classes ?? []).map(async ({ name, examples }) => ({
        name,
        examples: await Promise.all(examples.map(({ image }) => around.decode(image))),
      })),
    );
    return { key, own: true, classes, queries: classes.map(() => []) };
  }

  async function poolBoard(key: string): Promise<Board> {
    const now = settings.get();
    const id = now.pool ?? '';
    const pool = poolOf() ?? (await around.pool(id));
    if (!bench.now.pools.some((known) => known.id === id)) bench.set({ pools: [...bench.now.pools, pool] });
    const { classes, support, query } = episodeOf(pool, now);
    const pictures = (lists: readonly (readonly number[])[]) =>
      Promise.all(classes.map((index, way) => Promise.all((lists[way] ?? []).map((image) => pool.picture(index, image)))));
    const [examples, queries] = await Promise.all([pictures(support), pictures(query)]);
    const names = classes.map((index) => pool.classes[index]?.name ?? '');
    return { key, own: false, classes: names.map((name, way) => ({ name, examples: examples[way] ?? [] })), queries };
  }

  function learningOf(adapting: Adapting, given: BoardInputs): Learning {
    return { ...adapting, engine, pictures: bench.pictures, inputs: given };
  }

  /** How the learner is to adapt to the board; null while either is missing or not ready for it. */
  function learningWanted(): { readonly key: string; readonly learning: Adapting; readonly board: Board } | null {
    const { learner, board } = bench.now;
    const now = settings.get();
    if (learner?.name !== now.learner || board?.key !== boardKey(now, revision)) return null;
    // An episode in the making is no mistake: the board says what is missing.
    if (board.classes.length < 2 || board.classes.some(({ examples }) => examples.length === 0)) return null;
    const assignments = assignmentsOf(learner.card, board, poolOf() ?? null, now);
    const learningRate = now.innerRate ?? undefined;
    const key = learningKey(inputsKey(learner.card, board), assignments, learningRate);
    return { key, learning: { learner: learner.id, assignments, learningRate }, board };
  }

  function followStates(): void {
    let wanted: ReturnType<typeof learningWanted>;
    try {
      wanted = learningWanted();
    } catch (error) {
      // More classes than nodes: said once, where adapting would happen.
      bench.jobs.stop('adapt');
      if (bench.now.states.length > 0) bench.set({ states: [], answer: null, why: null });
      if (bench.now.problems.adapt?.message !== asMessage(error).message) bench.report('adapt', asMessage(error));
      return;
    }
    if (!wanted) {
      bench.jobs.stop('adapt');
      if (bench.now.states.length > 0) bench.set({ states: [], answer: null, why: null });
      return;
    }
    const { learner } = bench.now;
    const { key, learning, board } = wanted;
    if (!learner) return;
    const states = bench.now.states[0]?.key === key ? bench.now.states : [];
    const steps = stepsWanted(learner.card, settings.get());
    if (states.length > steps) {
      noteShuffle(key, states[steps]);
      return;
    }
    bench.pursue('adapt', {
      lane: 'adapt',
      key,
      label: states.length === 0 ? 'Reading the examples' : `Inner step ${states.length}`,
      run: async (job, onProgress) => {
        const given =
          inputs?.key === inputsKey(learner.card, board) ? inputs : await prepareBoard(board, learner.card, bench.pictures);
        inputs = given;
        const before = states.at(-1) ?? null;
        return stateAfter(learningOf(learning, given), job, before === null ? 0 : 1, before, key, onProgress);
      },
      done: (state) => {
        bench.set({ states: [...states, state] });
      },
    });
  }

  /** Compares what is predicted with what was before the nodes were shuffled. */
  function noteShuffle(key: string, state: LearnerState | undefined): void {
    if (!state || !inputs) return;
    const before = beforeShuffle;
    beforeShuffle = { inputs: inputs.key, state };
    if (!before || before.state.key === key || before.inputs !== inputs.key || before.state.steps !== state.steps) return;
    const [then, now] = [before.state.queries ?? before.state.support, state.queries ?? state.support];
    bench.set({ held: heldPredictions(then, now, inputs.ways) });
  }

  /** The state that is shown: after the steps that are wanted, or the last one so far. */
  function stateShown(): LearnerState | null {
    const { states, learner } = bench.now;
    if (!learner) return null;
    return states[Math.min(states.length - 1, stepsWanted(learner.card, settings.get()))] ?? null;
  }

  /** The picture asked about: live, the reader's own, or a query of the board. */
  function askedPicture(): { readonly key: string; readonly picture: Pixels; readonly place: number | null } | null {
    const { board } = bench.now;
    if (settings.get().query !== null) live = null;
    if (live) return { key: `live ${liveCount}`, picture: live, place: null };
    const { query, ownQuery: address } = settings.get();
    if (query === null) {
      if (address === null) return null;
      const { number, pixels } = ownPicture(address);
      if (pixels) return { key: `own ${number}`, picture: pixels, place: null };
      bench.pursue('query', {
        lane: 'query',
        key: `picture ${number}`,
        label: 'Reading the picture',
        run: () => around.decode(address),
        done: (decoded) => void ownPicture(address, decoded),
      });
      return null;
    }
    const place = board && queryPlace(board, query);
    const picture = board?.queries[query[0]]?.[query[1]];
    return place === null || !picture ? null : { key: `query ${place}`, picture, place };
  }

  function followAnswer(): void {
    const state = stateShown();
    const asked = askedPicture();
    const { learner } = bench.now;
    if (!state || !asked || !inputs || !learner) {
      if (bench.now.answer && !asked) bench.set({ answer: null, why: null });
      return;
    }
    const given = inputs;
    const { key: of, picture, place } = asked;
    const key = `${state.key} | ${state.steps} | ${of}`;
    if (bench.now.answer?.key === key) return;
    if (place !== null && given.queries && state.queries) {
      const count = given.queryLabels.length;
      const { one, others } = taken(given.queries, place, count);
      const prediction = rowOf(state.queries, place, count);
      const actual = given.queryLabels[place] ?? null;
      bench.set({ answer: { key, picture, input: one, company: others, actual, prediction } });
      return;
    }
    bench.pursue('query', {
      lane: 'query',
      key,
      label: 'Answering',
      run: (job) =>
        answerTo(learningOf({ learner: learner.id, assignments: [], learningRate: undefined }, given), job, state, picture),
      done: ({ input, prediction, milliseconds }) => {
        const answer = { key, picture, input, company: given.support, actual: null, prediction };
        bench.set({ answer, lastRun: milliseconds });
      },
    });
  }

  function followWhy(): void {
    const { answer, learner, why } = bench.now;
    const state = stateShown();
    const { reason, forClass, fewView } = settings.get();
    // While a picture is being drawn, or the learner still adapts, there is no time for reasons.
    if (!answer || !learner || !state || !inputs || live || fewView !== 'teach') return;
    if (bench.jobs.lanes.adapt.key !== null) return;
    const { prediction, input, company } = answer;
    const taken = predictedWays(prediction.scores, inputs.ways)[0] ?? 0;
    const way = askedClass({ forClass }, taken, inputs.ways);
    const key = `${answer.key} | ${reason} | ${reason === 'srd' ? way : ''}`;
    if (why?.key === key) return;
    if (reason === 'nearest') {
      bench.jobs.stop('why');
      bench.set({ why: { key, kind: 'nearest', examples: nearestExamples(prediction.features, state.support.features) } });
      return;
    }
    bench.pursue('why', {
      lane: 'why',
      key,
      label: 'Looking for the reason',
      run: (job, onProgress) =>
        engine.why(job, { learner: learner.id, adapted: state.adapted, image: input, company, way }, onProgress),
      done: ({ map, score }) => {
        const found: Why = { key, kind: 'srd', way, taken, map, seen: answer.picture, score };
        bench.set({ why: found });
      },
    });
  }

  return {
    status: bench.status,
    report: (place, problem) => bench.report(place, problem === null ? null : asMessage(problem)),

    start() {
      const stop = settings.subscribe(reconcile);
      reconcile();
      return () => {
        stop();
        for (const lane of FEWSHOT_LANES) bench.jobs.stop(lane);
      };
    },

    async edit(change) {
      const { board } = bench.now;
      try {
        const { pool, ownEpisode, forClass: asked } = settings.get();
        const current = pool === null ? (ownEpisode ?? { classes: [] }) : board ? await copied(board) : { classes: [] };
        const next = change(current);
        bench.report('board', null);
        // A query of a pool's episode is gone with it.
        const forClass = followClass(asked, current, next);
        settings.set({ ownEpisode: next, pool: null, forClass, ...(pool === null ? {} : { query: null }) });
      } catch (error) {
        bench.report('board', asMessage(error));
      }
    },

    async ask(picture) {
      live = null;
      try {
        const address = picture && (await around.encode(picture, domain()));
        if (picture && address) ownPicture(address, picture);
        settings.set(
          address ? { ownQuery: address, query: null } : { ownQuery: null, query: bench.now.board?.own ? null : FIRST_QUERY },
        );
      } catch (error) {
        bench.report('query', asMessage(error));
      }
      reconcile();
    },

    async askLive(picture) {
      live = picture;
      liveCount += 1;
      reconcile();
      await new Promise<void>((resolve) => {
        const idle = () => bench.jobs.lanes.query.key === null;
        if (idle()) return resolve();
        const stop = bench.status.subscribe(() => {
          if (!idle()) return;
          stop();
          resolve();
        });
      });
    },

    async takeFolders(files) {
      try {
        const pool = around.folders(files, bench.now.learner?.card.domain ?? 'photographs');
        settings.set({ fewView: settings.get().fewView === 'evaluate' ? 'evaluate' : 'teach' });
        if (fitsOwnEpisode(pool) && pool.classes.every(({ size }) => size <= MOST_SHOTS)) {
          const ownEpisode = await ownEpisodeFrom(pool);
          settings.set({ ownEpisode, pool: null, ...NO_QUESTION });
        } else takePool(pool);
        bench.report('board', null);
      } catch (error) {
        bench.report('board', asMessage(error));
      }
    },

    async addFiles(way, files) {
      try {
        const examples = await Promise.all(
          files.map(async (file) => ({ image: await around.encode(await around.read(file), domain()), origin: 'file' as const })),
        );
        await this.edit((episode) => addExamples(episode, way, examples));
      } catch (error) {
        bench.report('board', asMessage(error));
      }
    },

    async openEpisode(text) {
      try {
        const { episode: ownEpisode, query: ownQuery, settings: stored } = await readEpisodeFile(text, around.decode);
        settings.set({ ...stored, ownEpisode, ownQuery, pool: null, ...NO_QUESTION, fewView: 'teach' });
        bench.report('file', null);
      } catch (error) {
        bench.report('file', asMessage(error));
      }
    },

    async episodeFile() {
      const { board, answer } = bench.now;
      const now = settings.get();
      if (!board) return null;
      const episode = board.own && now.ownEpisode ? now.ownEpisode : await copied(board);
      const query = now.query === null ? now.ownQuery : answer && (await around.encode(answer.picture, domain()));
      const { learner, innerSteps, innerRate, assignments, shuffle } = now;
      const title = `${board.classes.length} classes`;
      return writeEpisodeFile({
        title,
        savedWith: 'Heliograph',
        episode,
        query,
        settings: { learner, innerSteps, innerRate, assignments, shuffle },
      });
    },

    chooseLearner(card) {
      const pool = poolOf();
      const suits = pool === null || pool?.domain === card.domain || pool?.id.startsWith('folders');
      const other = suits ? {} : { pool: POOL_OF[card.domain], ...NEW_QUESTION };
      settings.set({ learner: card.name, innerSteps: null, innerRate: null, assignments: null, ...other });
    },

    choosePool(id, domain) {
      const { learner, cards } = bench.now;
      const suits = learner?.card.domain === domain;
      const other = suits ? undefined : cards.find((card) => card.domain === domain)?.name;
      settings.set({
        pool: id,
        ...NEW_QUESTION,
        ...(other ? { learner: other, innerSteps: null, innerRate: null, assignments: null } : {}),
      });
    },

    async frozen() {
      const { answer, learner } = bench.now;
      const state = stateShown();
      if (!answer || !learner || !state) return null;
      const { input: image, company } = answer;
      const labels = bench.now.board?.classes.map(({ name }) => name);
      return engine.freeze('freeze', { learner: learner.id, adapted: state.adapted, image, company, labels });
    },

    evaluate: () => evaluation.begin(),

    cancel() {
      for (const lane of FEWSHOT_LANES) {
        const { key } = bench.jobs.lanes[lane];
        if (key === null) continue;
        bench.failed.add(key);
        bench.jobs.stop(lane);
        const place = lane === 'cards' ? 'learner' : lane;
        bench.report(place, CANCELLED);
      }
      evaluation.stop();
    },

    retry() {
      bench.failed.clear();
      comparison.forgetFailures();
      bench.set({ problems: {} });
      reconcile();
    },
  };

  function domain(): LearnerCard['domain'] {
    return bench.now.learner?.card.domain ?? 'photographs';
  }

  function takePool(pool: StudioPool): void {
    bench.set({ pools: [...bench.now.pools.filter(({ id }) => id !== pool.id), pool] });
    const smallest = Math.min(...pool.classes.map(({ size }) => size));
    const { ways, shots, queries } = settings.get();
    // As much of the shape that was chosen as the folders can serve.
    const fitting = Math.max(1, Math.min(shots, smallest - 1));
    settings.set({
      pool: pool.id,
      ways: Math.max(2, Math.min(ways, pool.classes.length)),
      shots: fitting,
      queries: Math.max(1, Math.min(queries, smallest - fitting)),
      ...NEW_QUESTION,
    });
    reconcile();
  }

  /** A board as an own episode. */
  async function copied(board: Board): Promise<OwnEpisode> {
    const of = poolOf()?.domain ?? domain();
    const classes = await Promise.all(
      board.classes.map(async ({ name, examples }) => ({
        name: name.slice(0, 80),
        examples: await Promise.all(
          examples.map(async (pixels) => ({ image: await around.encode(pixels, of), origin: 'pool' as const })),
        ),
      })),
    );
    return { classes };
  }
}
