/** The engine in a worker of its own: whatever the runtime does, the page keeps answering. */
import { expose } from 'comlink';
import { LocalEngine } from './engine.ts';
import { answered, type RemoteEngine, unwrapped } from './remote.ts';

const engine = new LocalEngine();

const remote: RemoteEngine = {
  device: answered(() => engine.device()),
  setBackend: answered((backend) => engine.setBackend(backend)),
  openModel: answered((...args) => engine.openModel(...args)),
  closeModel: answered((model) => engine.closeModel(model)),
  classify: answered((...args) => engine.classify(...args)),
  explain: answered((...args) => engine.explain(...args)),
  curves: answered((...args) => engine.curves(...args)),
  apop: answered((...args) => engine.apop(...args)),
  derive: answered((...args) => engine.derive(...args)),
  openLearner: answered((...args) => engine.openLearner(...args)),
  closeLearner: answered((learner) => engine.closeLearner(learner)),
  adapt: answered((...args) => engine.adapt(...args)),
  embed: answered((...args) => engine.embed(...args)),
  predict: answered((...args) => engine.predict(...args)),
  freeze: answered((...args) => engine.freeze(...args)),
  why: answered((...args) => engine.why(...args)),
  evaluate: answered((job, request, load, ...callbacks) =>
    engine.evaluate(job, request, async (...which) => unwrapped(await load(...which)), ...callbacks),
  ),
  cancel: answered((job) => engine.cancel(job)),
};

expose(remote);
