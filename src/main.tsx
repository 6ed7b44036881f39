import '@fontsource-variable/inter/wght.css';
import './studio/mantine.css';
import './studio/base.css';
import { askForPanels } from './studio/panels.ts';
import { WORKSPACES } from './studio/workspaces.ts';

// The settings are not read yet; whatever the link says wrongly is only asked for too early.
const named = WORKSPACES.find((workspace) => location.hash.match(/[#&]workspace=([\w-]+)/)?.[1] === workspace);
const workspace = named ?? 'explain';
// Before the scripts that will ask for it have come. Elsewhere nothing does, and browsers complain of what is fetched in vain.
if (workspace === 'explain') {
  const firstLook = { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href: './first-look/first-look.json' };
  document.head.append(Object.assign(document.createElement('link'), firstLook));
}
askForPanels(workspace);

// Each is evaluated in a task of its own when it arrives: together they hold the page for a tenth of a second.
const [{ createRoot }, { startStudio }, { App }] = await Promise.all([
  import('react-dom/client'),
  import('./studio/start.ts'),
  import('./studio/app.tsx'),
]);

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(<App studio={startStudio()} />);
