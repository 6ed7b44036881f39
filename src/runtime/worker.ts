/** The engine in a worker of its own: whatever the runtime does, the page keeps answering. */
import { expose, transfer } from 'comlink';
import { LocalEngine } from './engine.ts';
import { buffersIn, type Outcome, type RemoteEngine, toMessage } from './remote.ts';

const engine = new LocalEngine();

function answered<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<Outcome<R>> {
  return async (...args) => {
    try {
      const value = await call(...args);
      const outcome: Outcome<R> = { ok: true, value };
      return transfer(outcome, [...buffersIn(value)]);
    } catch (error) {
      return { ok: false, error: toMessage(error) };
    }
  };
}

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
  cancel: answered((job) => engine.cancel(job)),
};

expose(remote);
