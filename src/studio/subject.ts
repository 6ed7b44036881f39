/** What is explained: device, model and picture, brought to what the settings name, and the model's verdict. */
import { HeliographError } from '../graph/errors.ts';
import type { Pixels } from '../runtime/preprocess.ts';
import type { ModelSource, Preprocessing } from '../runtime/protocol.ts';
import { type Library, preprocessingOfCard } from './assets.ts';
import type { StudioModel, StudioPicture } from './explain-status.ts';
import type { Pictures } from './picture-client.ts';
import { ranking, softmax } from './requests.ts';
import { DEFAULTS } from './state.ts';
import type { Workbench } from './workbench.ts';

export class Subject {
  ownPicture: StudioPicture | null = null;
  private device: string = DEFAULTS.device;
  /** Counts device changes: results of another device are computed anew, so that the milliseconds shown are true. */
  private epoch = 0;

  /** @param loadPixels decodes a photograph of the gallery */
  constructor(
    private readonly bench: Workbench,
    private readonly library: Library,
    private readonly loadPixels: (url: string, name: string) => Promise<Pixels>,
    private readonly fitPicture: Pictures['fit'],
  ) {}

  follow(): void {
    this.followModel();
    this.followPicture();
    this.followFit();
    this.followVerdict();
  }

  /** Starts the device that the settings name; other workspaces compute on it too. */
  followDevice(): void {
    const { bench } = this;
    const wanted = bench.settings.get().device;
    if (bench.now.device && wanted === this.device) return;
    const key = `device ${wanted}`;
    if (bench.jobs.lanes.device.key === key || bench.failed.has(key)) return;
    void bench.jobs.run({
      lane: 'device',
      key,
      label: 'Starting the device',
      run: () => (wanted === 'auto' && this.device === 'auto' ? bench.engine.device() : bench.engine.setBackend(wanted)),
      failed: (error) => {
        bench.failed.add(key);
        bench.report('device', error);
      },
      done: (device) => {
        if (bench.now.device) this.epoch += 1;
        this.device = wanted;
        bench.set({ device });
      },
    });
  }

  private followModel(): void {
    const { bench } = this;
    const id = bench.settings.get().model;
    const running = bench.jobs.lanes.model.key;
    // An own model that is being opened replaces the present one when it is there, whatever the settings name.
    if (running?.startsWith('own')) return;
    if (id === null && bench.now.model?.own) return;
    const wanted = id ?? DEFAULTS.model ?? '';
    if (bench.now.model?.id === wanted) {
      bench.jobs.stop('model');
      return;
    }
    const key = `model ${wanted}`;
    if (running === key || bench.failed.has(key)) return;
    void bench.jobs.run({
      lane: 'model',
      key,
      label: 'Loading the model',
      run: async (job, onProgress): Promise<StudioModel> => {
        const { card, url, labels } = await this.library.card(wanted);
        const source: ModelSource = { kind: 'url', url, name: card.title, bytes: card.bytes };
        const summary = await bench.engine.openModel(job, source, { preprocessing: preprocessingOfCard(card) }, onProgress);
        return { id: wanted, own: false, summary, card, labels, sizeOpen: false };
      },
      failed: (error) => {
        bench.failed.add(key);
        bench.report('model', error);
      },
      done: (model) => this.install(model),
    });
  }

  /** Puts a model in the place of the present one, which is closed. */
  install(model: StudioModel): void {
    const { bench } = this;
    const before = bench.now.model;
    if (before) void bench.engine.closeModel(before.summary.id).catch(() => undefined);
    bench.report('model', null);
    bench.set({
      model,
      prepared: null,
      verdict: null,
      strip: null,
      apop: null,
      results: new Map(),
      failures: new Map(),
      curves: new Map(),
    });
  }

  private followPicture(): void {
    const { bench } = this;
    const id = bench.settings.get().image;
    if (id === null && this.ownPicture) {
      bench.jobs.stop('picture');
      if (bench.now.picture !== this.ownPicture) bench.set({ picture: this.ownPicture });
      return;
    }
    const wanted = id ?? DEFAULTS.image ?? '';
    if (bench.now.picture?.id === wanted) {
      bench.jobs.stop('picture');
      return;
    }
    const key = `picture ${wanted}`;
    if (bench.jobs.lanes.picture.key === key || bench.failed.has(key)) return;
    void bench.jobs.run({
      lane: 'picture',
      key,
      label: 'Loading the picture',
      run: async (): Promise<StudioPicture> => {
        const photograph = (await this.library.gallery()).find((entry) => entry.id === wanted);
        if (!photograph) {
          throw new HeliographError('bad-link', `There is no picture “${wanted}” in the gallery.`, 'Choose another one.');
        }
        const pixels = await this.loadPixels(this.library.photographUrl(photograph), photograph.title);
        return { id: wanted, own: false, title: photograph.title, pixels, photograph, note: '' };
      },
      failed: (error) => {
        bench.failed.add(key);
        bench.report('image', error);
      },
      done: (picture) => {
        bench.report('image', null);
        bench.set({ picture });
      },
    });
  }

  private followFit(): void {
    const { bench } = this;
    const { model, picture, prepared } = bench.now;
    if (!model || !picture) return;
    const { fit, preprocessing } = bench.settings.get();
    const to = preprocessingOf(model, preprocessing);
    const key = JSON.stringify([model.summary.id, picture.id, fit, to, this.epoch]);
    if (prepared?.key === key) {
      bench.jobs.stop('fit');
      return;
    }
    if (bench.jobs.lanes.fit.key === key || bench.failed.has(key)) return;
    void bench.jobs.run({
      lane: 'fit',
      key,
      label: 'Bringing the picture to the model’s size',
      run: () => this.fitPicture(picture.pixels, to, fit),
      failed: (error) => {
        bench.failed.add(key);
        bench.report('image', error);
      },
      done: (fitted) => bench.set({ prepared: { ...fitted, key, preprocessing: to, picture: picture.id } }),
    });
  }

  private followVerdict(): void {
    const { bench } = this;
    const { model, prepared, verdict } = bench.now;
    // What ran on the device or on the picture before would only have to run again.
    if (!model || !prepared || bench.jobs.lanes.device.key !== null || bench.jobs.lanes.fit.key !== null) return;
    const { key, input } = prepared;
    if (verdict?.key === key) {
      bench.jobs.stop('classify');
      return;
    }
    if (bench.jobs.lanes.classify.key === key || bench.failed.has(key)) return;
    void bench.jobs.run({
      lane: 'classify',
      key,
      label: 'Classifying',
      run: (job, onProgress) => bench.engine.classify(job, model.summary.id, input, onProgress),
      failed: (error) => bench.failRun(key, error),
      done: ({ logits, milliseconds, backend }) => {
        bench.set({
          verdict: { key, logits, milliseconds, backend, probabilities: softmax(logits), ranked: ranking(logits) },
        });
        bench.ran({ milliseconds, backend });
      },
    });
  }
}

/** The preprocessing in force: the user's, else the model's. */
export function preprocessingOf({ summary }: StudioModel, chosen: Preprocessing | null): Preprocessing {
  // Layout and size belong to the model: settings from a session with another model must not break it.
  const { layout, height, width } = summary.preprocessing;
  return chosen ? { ...chosen, layout, height, width } : summary.preprocessing;
}
