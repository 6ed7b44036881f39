import '@fontsource-variable/inter/wght.css';
import './studio/mantine.css';
import './studio/base.css';
import { askForPanels } from './studio/panels.ts';
import { WORKSPACES } from './studio/workspaces.ts';

// The settings are not read yet; whatever the link says wrongly is only asked for too early.
const named = WORKSPACES.find((workspace) => location.hash.match(/[#&]workspace=([\w-]+)/)?.[1] === workspace);
askForPanels(named ?? 'explain');

// Each is evaluated in a task of its own when it arrives: together they hold the page for a tenth of a second.
const [{ createRoot }, { startStudio }, { App }] = await Promise.all([
  import('react-dom/client'),
  import('./studio/start.ts'),
  import('./studio/app.tsx'),
]);

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(<App studio={startStudio()} />);
