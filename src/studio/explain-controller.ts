/**
 * Keeps what is on screen in step with what the settings ask for: opens the model, prepares the picture, classifies it
 * and computes the wanted maps one after another. It knows neither React nor the DOM.
 *
 * Every change calls `reconcile`, which compares wanted with present, cancels what nobody wants any more and starts the
 * next thing missing. Results are kept by key, so going back (undo, compare grid) costs nothing.
 */
import type { StoreApi } from 'zustand/vanilla';
import type { Pixels } from '../runtime/preprocess.ts';
import type { Engine, ModelSource, OpenOptions } from '../runtime/protocol.ts';
import type { Library } from './assets.ts';
import { LANES, type Place, type Status, type StudioModel, type StudioPicture } from './explain-status.ts';
import { CANCELLED } from './jobs.ts';
import { Maps } from './maps.ts';
import type { Pictures } from './picture-client.ts';
import { derivedRequest } from './requests.ts';
import { DEFAULTS } from './state.ts';
import type { SettingsStore } from './store.ts';
import { preprocessingOf, Subject } from './subject.ts';
import { asMessage, Workbench } from './workbench.ts';

export interface ExplainController {
  readonly status: StoreApi<Status>;
  /** Begins to follow the settings; returns what stops it. */
  start(): () => void;
  /** Opens the user's own model. The present one stays when that fails. Resolves to whether it worked. */
  openOwnModel(source: Extract<ModelSource, { kind: 'files' }>, size?: OpenOptions['size']): Promise<boolean>;
  /** Takes a picture of the user's. */
  takeOwnPicture(picture: Pick<StudioPicture, 'title' | 'pixels' | 'note'>): void;
  /** Ends what runs; what it would have computed waits for `retry`. */
  cancel(): void;
  /** Tries again whatever failed or was cancelled. */
  retry(): void;
  /** Activation-pattern-only prediction: another picture carries the activation pattern of this one. */
  runApop(carrier: Pixels): Promise<void>;
  /** The ONNX model that computes the map on screen. null if that failed; the reason is in `problems.export`. */
  derive(): Promise<Uint8Array | null>;
  /** Shows an error, or a sentence, at its place; null takes it away. */
  report(place: Place, problem: unknown): void;
}

export interface ControllerDependencies {
  readonly engine: Engine;
  readonly settings: SettingsStore;
  readonly library: Library;
  /** Decodes a photograph of the gallery. */
  readonly loadPixels: (url: string, name: string) => Promise<Pixels>;
  readonly fitPicture: Pictures['fit'];
  /** Milliseconds. */
  readonly clock?: () => number;
}

export function createExplainController(dependencies: ControllerDependencies): ExplainController {
  const { engine, settings, library, loadPixels, fitPicture, clock = () => performance.now() } = dependencies;
  const bench = new Workbench(engine, settings, reconcile, clock);
  const subject = new Subject(bench, library, loadPixels, fitPicture);
  const maps = new Maps(bench);
  let ownCount = 0;

  /** Whether the workspace was looked at: before, only the device is started, for whoever else computes. */
  let explaining = false;

  function reconcile(): void {
    explaining ||= settings.get().workspace === 'explain';
    subject.followDevice();
    if (!explaining) return;
    subject.follow();
    maps.follow();
  }

  return {
    status: bench.status,
    report: (place, problem) => bench.report(place, problem === null ? null : asMessage(problem)),

    start() {
      const stopFollowing = settings.subscribe(reconcile);
      reconcile();
      return () => {
        stopFollowing();
        for (const lane of LANES) bench.jobs.stop(lane);
      };
    },

    openOwnModel(source, size) {
      ownCount += 1;
      const id = `own-${ownCount}`;
      bench.report('model', null);
      return bench.jobs.run({
        lane: 'model',
        key: id,
        label: `Reading ${source.name}`,
        run: async (job, onProgress): Promise<StudioModel> => {
          const summary = await engine.openModel(job, source, size ? { size } : {}, onProgress);
          return { id, own: true, summary, card: null, labels: summary.labels, sizeOpen: size !== undefined };
        },
        failed: (error) => bench.report('model', error),
        done: (model) => {
          subject.install(model);
          const { layer, erfLayer, camLayer, at, plus, minus, compareClasses } = DEFAULTS;
          const ofOldModel = { layer, erfLayer, camLayer, at, plus, minus, compareClasses };
          settings.set({ model: null, preprocessing: null, labels: null, ...ofOldModel });
        },
      });
    },

    takeOwnPicture(picture) {
      ownCount += 1;
      subject.ownPicture = { ...picture, id: `own-${ownCount}`, own: true, photograph: null };
      bench.report('image', null);
      if (settings.get().image === null) reconcile();
      else settings.set({ image: null });
    },

    cancel() {
      const failures = new Map(bench.now.failures);
      // What else the settings want must not start in place of what was stopped.
      for (const { key } of maps.plan()?.list ?? []) if (!bench.now.results.has(key)) failures.set(key, CANCELLED);
      for (const lane of LANES) {
        const { key } = bench.jobs.lanes[lane];
        if (key === null || lane === 'device') continue;
        bench.failed.add(lane === 'curves' ? `curves ${key}` : key);
        if (lane === 'model') bench.report('model', CANCELLED);
        if (lane === 'classify') failures.set(key, CANCELLED);
        if (lane === 'curves') bench.report('curves', CANCELLED);
        bench.jobs.stop(lane);
      }
      bench.set({ failures, partial: null });
    },

    retry() {
      bench.failed.clear();
      bench.set({ failures: new Map(), problems: {} });
      reconcile();
    },

    async runApop(carrier) {
      const { model, prepared } = bench.now;
      if (!model || !prepared) return;
      const to = preprocessingOf(model, settings.get().preprocessing);
      await bench.jobs.run({
        lane: 'apop',
        key: `apop ${prepared.key}`,
        label: 'Running the pattern on another picture',
        run: async (job, onProgress) => {
          const { input } = await fitPicture(carrier, to, settings.get().fit);
          return engine.apop(job, { model: model.summary.id, input: prepared.input, carrier: input }, onProgress);
        },
        failed: (error) => bench.report('apop', error),
        done: (result) => {
          bench.report('apop', null);
          bench.set({ apop: { inputKey: prepared.key, carrier, result }, lastRun: result.milliseconds });
        },
      });
    },

    async derive() {
      const { model, shown } = bench.now;
      if (!model || !shown) return null;
      let bytes: Uint8Array | null = null;
      const request = { model: model.summary.id, ...derivedRequest(shown.request, settings.get()) };
      await bench.jobs.run({
        lane: 'derive',
        key: shown.key,
        label: 'Writing the derived model',
        run: (job) => engine.derive(job, request),
        failed: (error) => bench.report('export', error),
        done: (value) => {
          bench.report('export', null);
          bytes = value;
        },
      });
      return bytes;
    },
  };
}
