/** Sorts files that were dropped, pasted or picked by what they are, and hands each to where it belongs. */
import { HeliographError } from '../graph/errors.ts';
import type { ExplainController } from './explain-controller.ts';
import type { FewShotController } from './fewshot/fewshot-controller.ts';
import { readLabels } from './labels.ts';
import type { Pictures } from './picture-client.ts';
import type { RelightController } from './relight/relight-controller.ts';
import { fromSession } from './state.ts';
import type { SettingsStore } from './store.ts';

type Named = Pick<File, 'name' | 'type'>;

export interface Sorted<T extends Named> {
  readonly models: readonly T[];
  readonly pictures: readonly T[];
  /** Label files and sessions: told apart by their content. */
  readonly texts: readonly T[];
  /** External weights of a model. */
  readonly weights: readonly T[];
}

/** By name and type only. What is neither model, picture nor text counts as a model's external weights. */
export function sortFiles<T extends Named>(files: readonly T[]): Sorted<T> {
  const models = files.filter(({ name }) => /\.onnx$/i.test(name));
  const pictures = files.filter(({ type }) => type.startsWith('image/'));
  const texts = files.filter(({ name }) => /\.(txt|json)$/i.test(name));
  const known = new Set([...models, ...pictures, ...texts]);
  return { models, pictures, texts, weights: files.filter((file) => !known.has(file)) };
}

/** A full episode, 20 classes of 50 pictures, has a third of this. Bytes. */
const LARGEST_TEXT = 128 * 2 ** 20;

/** How the studio takes files. */
export interface Intake {
  /** Everything a drop, a paste or a file dialog brought. Problems are reported at their places. */
  take(files: readonly File[]): Promise<void>;
  /** Opens the last chosen model again with its input fixed to this size. */
  openAtSize(height: number, width: number): Promise<void>;
}

/** @param opened called after an own model is open, so that its preprocessing can be shown */
export function createIntake(
  controller: ExplainController,
  relight: Pick<RelightController, 'openOwn'>,
  fewshot: Pick<FewShotController, 'takeFolders' | 'openEpisode' | 'ask' | 'report'>,
  settings: SettingsStore,
  pictures: Pick<Pictures, 'decode'>,
  opened: () => void,
): Intake {
  // Kept so that forgotten weights can be dropped afterwards, and the size be chosen.
  let chosen: { readonly model: File; readonly weights: readonly File[] } | null = null;

  async function open(size?: { height: number; width: number }): Promise<void> {
    if (!chosen) return;
    const reading = chosen;
    const { model, weights } = reading;
    const bytes = await bytesOf(model);
    const external: Record<string, Uint8Array> = {};
    for (const weight of weights) external[weight.name] = await bytesOf(weight);
    // A large file takes a while to read, and what was given meanwhile counts.
    if (chosen !== reading) return;
    const name = model.name.replace(/\.onnx$/i, '');
    if (await controller.openOwnModel({ kind: 'files', name, model: bytes, external }, size)) opened();
  }

  async function takeModel(files: readonly File[], weights: readonly File[]): Promise<void> {
    const [file] = files;
    if (files.length > 1) {
      throw new HeliographError(
        'not-onnx',
        `You gave ${files.length} models at once.`,
        'Give one, together with its weight files.',
      );
    }
    if (file) chosen = { model: file, weights };
    else if (chosen) chosen = { ...chosen, weights: [...chosen.weights, ...weights] };
    else {
      const names = weights.map(({ name }) => name).join(', ');
      throw new HeliographError(
        'not-onnx',
        `${names} is neither a picture nor an .onnx model.`,
        'Weight files need the .onnx file they belong to.',
      );
    }
    await open();
  }

  async function takeText(file: File): Promise<void> {
    if (file.size > LARGEST_TEXT) {
      const megabytes = Math.round(file.size / 2 ** 20);
      controller.report(
        'session',
        new HeliographError(
          'bad-document',
          `${file.name} has ${megabytes} MB, more than any file of this studio.`,
          'Choose another.',
        ),
      );
      return;
    }
    const text = await file.text();
    if (/"format"\s*:\s*"heliograph-episode"/.test(text)) {
      settings.set({ workspace: 'few-shot' });
      await fewshot.openEpisode(text);
      return;
    }
    if (/"format"\s*:\s*"heliograph-/.test(text)) {
      try {
        const { settings: restored, problems } = fromSession(text);
        settings.set(restored);
        controller.report('session', problems.length > 0 ? problems.join(' ') : null);
      } catch (error) {
        controller.report('session', error);
      }
      return;
    }
    const summary = controller.status.getState().model?.summary;
    if (!summary) return;
    try {
      settings.set({ labels: readLabels(text, summary.classes) });
      controller.report('labels', null);
    } catch (error) {
      controller.report('labels', error);
    }
  }

  /** Pictures in folders are classes; one by itself is asked about. */
  async function takeExamples(files: readonly File[], photographs: readonly File[]): Promise<void> {
    const [first] = photographs;
    if (files.some(({ webkitRelativePath }) => webkitRelativePath.includes('/'))) {
      await fewshot.takeFolders(files);
      return;
    }
    if (!first) return;
    try {
      if (photographs.length > 1) {
        throw new HeliographError(
          'bad-episode',
          `You gave ${photographs.length} pictures without saying which class they are of.`,
          'Drop folders, one a class, or add the files to a class on the board.',
        );
      }
      await fewshot.ask((await pictures.decode(first, first.name)).pixels);
    } catch (error) {
      fewshot.report('board', error);
    }
  }

  return {
    async take(files) {
      const { models, pictures: photographs, texts, weights } = sortFiles(files);
      const ofScene = settings.get().workspace === 'relight' && models.length === 0 && photographs.length === 0;
      if (files.some(({ name }) => name === 'scene.json') || (ofScene && weights.length > 0)) {
        settings.set({ workspace: 'relight' });
        await relight.openOwn(files);
        return;
      }
      if (settings.get().workspace === 'few-shot' && models.length === 0 && photographs.length > 0) {
        await takeExamples(files, photographs);
        return;
      }
      if (models.length + photographs.length + weights.length > 0) settings.set({ workspace: 'explain' });
      if (models.length > 0 || weights.length > 0) {
        await takeModel(models, weights).catch((error: unknown) => controller.report('model', error));
      }
      const [picture] = photographs;
      if (picture) {
        try {
          const { pixels, notices } = await pictures.decode(picture, picture.name);
          controller.takeOwnPicture({ title: picture.name, pixels, note: notices.join(' ') });
        } catch (error) {
          controller.report('image', error);
        }
      }
      for (const text of texts) await takeText(text);
    },
    openAtSize: (height, width) => open({ height, width }).catch((error: unknown) => controller.report('model', error)),
  };
}

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
