/** The studio's rooms, in the order of the top bar. By itself, because the page's first script needs it before everything else. */
export const WORKSPACES = ['explain', 'few-shot', 'relight'] as const;
export type Workspace = (typeof WORKSPACES)[number];
