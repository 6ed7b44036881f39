/** Computes the maps the settings ask for, most urgent first, and the curves of those on screen. */
import type { StudioModel } from './explain-status.ts';
import {
  cellRequest,
  compareClasses,
  erfLayerOf,
  explainedOf,
  keyOf,
  type MapRequest,
  mainRequest,
  mapOf,
  stripRequest,
  targetOf,
} from './requests.ts';
import type { Workbench } from './workbench.ts';

/** Finished maps kept, one of 224² being 0.2 MB; the oldest go first. More than a grid of 8 × 5 and its strip. */
const KEPT_RESULTS = 64;
/** Points of insertion and deletion curves: each costs two forward passes. */
const CURVE_POINTS = 24;

interface Wanted {
  readonly key: string;
  readonly request: MapRequest;
}

/** Everything the settings ask of the model's verdict on the picture now. */
interface Plan {
  readonly model: StudioModel;
  readonly inputKey: string;
  readonly input: Float32Array;
  readonly main: Wanted | null;
  readonly strip: Wanted | null;
  /** In the order of computing. */
  readonly list: readonly Wanted[];
}

export class Maps {
  constructor(private readonly bench: Workbench) {}

  /** null until the picture is classified, and while device or picture change. */
  plan(): Plan | null {
    const { model, prepared, verdict, strip: latest } = this.bench.now;
    const { lanes } = this.bench.jobs;
    if (!model || !prepared || verdict?.key !== prepared.key || lanes.device.key !== null || lanes.fit.key !== null) return null;
    const settings = this.bench.settings.get();
    const { summary } = model;
    const target = targetOf(settings, verdict.ranked[0] ?? 0, summary.classes);
    const keyed = (request: MapRequest | null): Wanted | null => request && { key: keyOf(prepared.key, request), request };
    const strip = keyed(stripRequest(summary, settings, target));
    // Norms of another picture would put the field at a position nobody chose.
    const pointed = erfLayerOf(summary, settings)?.tensor;
    const fresh = strip && this.bench.now.results.get(strip.key);
    const norms = (fresh ?? latest)?.norms.find(({ tensor }) => tensor === pointed) ?? null;
    const main = keyed(mainRequest(summary, settings, target, norms));
    const cells = settings.compareMethods.flatMap((method) =>
      compareClasses(summary, settings, verdict.ranked).map((index) => keyed(cellRequest(summary, settings, method, index))),
    );
    // Pointing needs the feature norms first, otherwise the map itself comes first.
    const single = settings.method === 'erf' ? [strip, main] : [main, settings.stripOpen ? strip : null];
    const order = settings.view === 'compare' ? [...cells, ...single] : single;
    return {
      model,
      inputKey: prepared.key,
      input: prepared.input,
      main,
      strip,
      list: order.filter((entry) => entry !== null),
    };
  }

  follow(): void {
    this.followMaps();
    this.followCurves();
  }

  private followMaps(): void {
    const { bench } = this;
    const plan = this.plan();
    if (!plan) {
      bench.jobs.stop('map');
      return;
    }
    this.show(plan);
    const { results, failures } = bench.now;
    const running = bench.jobs.lanes.map.key;
    if (running !== null && plan.list.some(({ key }) => key === running)) return;
    const next = plan.list.find(({ key }) => !results.has(key) && !failures.has(key));
    if (next) this.compute(plan, next);
    else bench.jobs.stop('map');
  }

  /** Puts finished results of the plan in view. */
  private show({ model, inputKey, main, strip }: Plan): void {
    const { bench } = this;
    const { results, partial, shown } = bench.now;
    bench.set({ wanted: main?.key ?? null, strip: (strip && results.get(strip.key)) ?? bench.now.strip });
    if (partial && partial.key !== main?.key) bench.set({ partial: null });
    const result = main && results.get(main.key);
    if (!main || !result) return;
    const explained = explainedOf(model.summary, this.labels(model), bench.settings.get(), main.request);
    if (shown?.result === result && JSON.stringify(shown.explained) === JSON.stringify(explained)) return;
    bench.set({ shown: { key: main.key, inputKey, request: main.request, result, explained }, partial: null });
  }

  private labels(model: StudioModel): readonly string[] | null {
    return this.bench.settings.get().labels ?? model.labels;
  }

  private compute({ model, input, main }: Plan, { key, request }: Wanted): void {
    const { bench } = this;
    const explained = explainedOf(model.summary, this.labels(model), bench.settings.get(), request);
    void bench.jobs.run({
      lane: 'map',
      key,
      label: [explained.method, explained.target].filter(Boolean).join(', '),
      run: (job, onProgress) =>
        bench.engine.explain(job, { model: model.summary.id, input, ...request }, onProgress, (map, step, steps) => {
          if (key === main?.key && bench.jobs.lanes.map.key === key) bench.set({ partial: { key, explained, map, step, steps } });
        }),
      failed: (error) => bench.failRun(key, error),
      done: (result) => {
        const results = new Map(bench.now.results).set(key, result);
        for (const oldest of [...results.keys()].slice(0, -KEPT_RESULTS)) results.delete(oldest);
        bench.set({ results });
        bench.ran(result);
      },
    });
  }

  /** Maps of a class that are on screen. */
  private followCurves(): void {
    const { bench } = this;
    const settings = bench.settings.get();
    const plan = settings.curves ? this.plan() : null;
    const { results, curves } = bench.now;
    const onScreen = plan?.list.filter(({ key }) => settings.view === 'compare' || key === plan.main?.key) ?? [];
    const running = bench.jobs.lanes.curves.key;
    if (running !== null && onScreen.some(({ key }) => key === running)) return;
    const next = onScreen.find(
      ({ key, request }) => request.target && results.has(key) && !curves.has(key) && !bench.failed.has(`curves ${key}`),
    );
    const result = next && results.get(next.key);
    const target = next?.request.target;
    if (!plan || !next || !result || !target) {
      bench.jobs.stop('curves');
      return;
    }
    const { key } = next;
    const map = mapOf(result, settings, next.request);
    void bench.jobs.run({
      lane: 'curves',
      key,
      label: 'Inserting and deleting pixels',
      run: (job, onProgress) =>
        bench.engine.curves(
          job,
          { model: plan.model.summary.id, input: plan.input, target, map, points: CURVE_POINTS },
          onProgress,
        ),
      failed: (error) => {
        bench.failed.add(`curves ${key}`);
        bench.report('curves', error);
      },
      done: (value) => {
        bench.report('curves', null);
        bench.set({ curves: new Map(bench.now.curves).set(key, value) });
      },
    });
  }
}
